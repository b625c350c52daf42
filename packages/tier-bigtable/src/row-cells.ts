import {
  encodeRevision,
  revisionBytes,
  type ChangeId,
  type ObjectId,
  type Revision,
  type Timestamp,
} from '@holdfast/domain';
import { checkRowKey } from './limits.js';

/*
 * Keys, columns and small values of the rows of objects; docs/formats.md describes them.
 */
export const objectPrefix = 'o/';

/** In the order of their bytes. */
export const columns = {
  head: Buffer.from('h'),
  payload: Buffer.from('p'),
  expiry: Buffer.from('x'),
} as const;

export function rowKeyOf(id: ObjectId): Buffer {
  const key = Buffer.from(objectPrefix + id.path);
  checkRowKey(key);
  return key;
}

/** The id with all bits turned, so that the youngest intent of a row comes first. */
export function intentColumn(changeId: ChangeId): Uint8Array {
  const qualifier = new Uint8Array(revisionBytes);
  encodeRevision(changeId, qualifier, 0);
  return qualifier.map((byte) => ~byte);
}

export const expiryBytes = revisionBytes + 8;
const neverExpires = 0xffff_ffff_ffff_ffffn;

/** The revision, and when it expires: within one revision, the order of bytes is that of time. */
export function encodeExpiry(revision: Revision, timeExpires: Timestamp | undefined): Uint8Array {
  const bytes = new Uint8Array(expiryBytes);
  encodeRevision(revision, bytes, 0);
  const time = timeExpires === undefined ? neverExpires : BigInt(timeExpires);
  new DataView(bytes.buffer).setBigUint64(revisionBytes, time);
  return bytes;
}

/** `undefined` for never. */
export function decodeExpiryTime(bytes: Uint8Array): number | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const time = view.getBigUint64(revisionBytes);
  return time === neverExpires ? undefined : Number(time);
}

/** About the year 2255: the largest time whose microseconds are a whole number without loss. */
const cellMsMax = 9_000_000_000_000;

/** A cell's time, in microseconds as Bigtable has it; the latest there is when left out. */
export function cellTime(time: Timestamp | undefined): number {
  return Math.min(time ?? cellMsMax, cellMsMax) * 1_000;
}
