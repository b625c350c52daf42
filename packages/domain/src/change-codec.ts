import { isBlobName, type BlobName } from './blob-name.js';
import { createByteReader, unreadable, type ByteReader } from './byte-reader.js';
import type { Change } from './change.js';
import { parseStoragePath, type ObjectId } from './object-id.js';
import {
  changeIdOf,
  decodeRevision,
  encodeRevision,
  revisionBytes,
  type ChangeId,
} from './revision.js';
import { isTimestamp } from './timestamp.js';

/*
 * The bytes of a change, whose key is its id as 16 bytes, in every tier that keeps them. Big-endian.
 *
 *    0  u8   format, 1
 *    1  u8   which blobs follow: bit 0 the new one, bit 1 the old one
 *    2  u64  deadline, ms
 *   10  u64  until when its blobs stay for their readers, ms; 0 while that is not known
 *   18       u16 length and UTF-8 of the object's storage path
 *    …       the same for the name of the new blob and of the old one, where they are
 */
const formatVersion = 1;
const newBlobFlag = 1;
const oldBlobFlag = 2;
const knownFlags = newBlobFlag | oldBlobFlag;
const readersUntilOffset = 10;
const fixedBytes = 18;
const lengthBytes = 2;

const encoder = new TextEncoder();

export function encodeChange(change: Change): Uint8Array {
  const texts = [encoder.encode(change.objectId.path)];
  if (change.newBlob !== undefined) texts.push(encoder.encode(change.newBlob));
  if (change.oldBlob !== undefined) texts.push(encoder.encode(change.oldBlob));
  const length = texts.reduce((sum, text) => sum + lengthBytes + text.length, fixedBytes);
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  bytes[0] = formatVersion;
  bytes[1] =
    (change.newBlob === undefined ? 0 : newBlobFlag) |
    (change.oldBlob === undefined ? 0 : oldBlobFlag);
  view.setBigUint64(2, BigInt(change.deadline));
  view.setBigUint64(readersUntilOffset, BigInt(change.readersUntil ?? 0));
  let at = fixedBytes;
  for (const text of texts) {
    view.setUint16(at, text.length);
    bytes.set(text, at + lengthBytes);
    at += lengthBytes + text.length;
  }
  return bytes;
}

/** Throws `UNREADABLE`, naming the change, for anything `encodeChange` could not have made. */
export function decodeChange(bytes: Uint8Array, changeId: ChangeId): Change {
  const what = `change ${changeId}`;
  const reader = createByteReader(bytes, what);
  const format = reader.u8();
  if (format !== formatVersion) throw unreadable(what, `format ${format} is not known`);
  const flags = reader.u8();
  if ((flags & ~knownFlags) !== 0) throw unreadable(what, `flags ${flags} are not known`);
  const deadline = reader.u64();
  const readersUntil = reader.u64();
  if (!isTimestamp(deadline)) throw unreadable(what, 'the deadline is no time');
  if (!isTimestamp(readersUntil)) throw unreadable(what, 'the time of its readers is no time');
  const objectId = readObjectId(reader, what);
  const newBlob = (flags & newBlobFlag) === 0 ? undefined : readBlobName(reader, what);
  const oldBlob = (flags & oldBlobFlag) === 0 ? undefined : readBlobName(reader, what);
  reader.end();
  return {
    changeId,
    objectId,
    deadline,
    ...(readersUntil === 0 ? undefined : { readersUntil }),
    ...(newBlob === undefined ? undefined : { newBlob }),
    ...(oldBlob === undefined ? undefined : { oldBlob }),
  };
}

export function encodeChangeKey(changeId: ChangeId): Uint8Array {
  const key = new Uint8Array(revisionBytes);
  encodeRevision(changeId, key, 0);
  return key;
}

/** `undefined` for a key that is none of `encodeChangeKey`'s. */
export function decodeChangeKey(key: Uint8Array): ChangeId | undefined {
  const revision = key.length === revisionBytes ? decodeRevision(key, 0) : undefined;
  return revision && changeIdOf(revision);
}

function readObjectId(reader: ByteReader, what: string): ObjectId {
  const path = reader.text();
  try {
    return parseStoragePath(path);
  } catch (cause) {
    throw unreadable(what, 'it names no object', cause);
  }
}

function readBlobName(reader: ByteReader, what: string): BlobName {
  const name = reader.text();
  if (!isBlobName(name)) throw unreadable(what, 'it names no blob');
  return name;
}
