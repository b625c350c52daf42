import { isBlobName } from './blob-name.js';
import { createByteReader, unreadable } from './byte-reader.js';
import { DomainError } from './errors.js';
import { decodeMetadata, encodeMetadata } from './metadata-codec.js';
import type { ObjectMetadata } from './metadata.js';
import type { InlineHead, TombstoneRow } from './row.js';

/*
 * The bytes of a row without its payload, the same in every tier that keeps rows. Big-endian.
 *
 *    0  u8   format, 1
 *    1  u8   kind: 1 inline, 2 tombstone
 *    2       tombstone only: u16 length and UTF-8 of the blob's name
 *    …       the object's metadata, to the end, in the format that all tiers share
 */
const formatVersion = 1;
const kinds = { inline: 1, tombstone: 2 } as const;

const lengthBytes = 2;
const kindOffset = 1;
const bodyOffset = 2;

const encoder = new TextEncoder();

/** A row as it is stored, whether or not it has expired. */
export type StoredHead = InlineHead | TombstoneRow;

export function encodeRowHead(head: StoredHead): Uint8Array {
  const metadata = encodeMetadata(head.metadata);
  const blob = head.kind === 'tombstone' ? encoder.encode(head.blob) : undefined;
  const metadataOffset = bodyOffset + (blob === undefined ? 0 : lengthBytes + blob.length);
  const bytes = new Uint8Array(metadataOffset + metadata.length);
  bytes[0] = formatVersion;
  bytes[kindOffset] = kinds[head.kind];
  if (blob !== undefined) {
    new DataView(bytes.buffer).setUint16(bodyOffset, blob.length);
    bytes.set(blob, bodyOffset + lengthBytes);
  }
  bytes.set(metadata, metadataOffset);
  return bytes;
}

/** Throws `UNREADABLE`, naming the row, for anything `encodeRowHead` could not have made. */
export function decodeRowHead(bytes: Uint8Array, path: string): StoredHead {
  if (bytes.length < bodyOffset) throw unreadable(`row ${path}`, 'it is cut off');
  if (bytes[0] !== formatVersion) {
    throw unreadable(`row ${path}`, `format ${bytes[0]} is not known`);
  }
  const kind = bytes[kindOffset];
  const body = bytes.subarray(bodyOffset);
  if (kind === kinds.inline) return { kind: 'inline', metadata: readMetadata(body, path) };
  if (kind === kinds.tombstone) return decodeTombstone(body, path);
  throw unreadable(`row ${path}`, `kind ${kind} is not known`);
}

function decodeTombstone(body: Uint8Array, path: string): TombstoneRow {
  const reader = createByteReader(body, `row ${path}`);
  const blob = reader.text();
  if (!isBlobName(blob)) throw unreadable(`row ${path}`, 'it names no blob');
  return { kind: 'tombstone', blob, metadata: readMetadata(reader.rest(), path) };
}

function readMetadata(bytes: Uint8Array, path: string): ObjectMetadata {
  try {
    return decodeMetadata(bytes);
  } catch (cause) {
    const why = cause instanceof DomainError ? cause.message : String(cause);
    throw unreadable(`row ${path}`, why, cause);
  }
}
