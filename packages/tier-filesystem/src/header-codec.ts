import {
  assert,
  decodeMetadata,
  DomainError,
  encodeMetadata,
  isBlobName,
  type BlobName,
  type Checksum,
  type ObjectMetadata,
} from '@holdfast/domain';
import { damaged, unreadable } from './errors.js';

/*
 * What a blob's file begins with, before its payload. Big-endian.
 *
 *     0   8  magic, 89 48 46 42 4c 4f 42 0a
 *     8  u32 format, 1
 *    12  u32 length of the header: a multiple of 4096, so that the payload is aligned
 *    16  u64 length of the payload
 *    24  u16 length of the name
 *    26  u16 length of the metadata
 *    28  u32 crc32c of the header, with this field taken as zeros
 *    32      name in UTF-8, then metadata as the domain encodes it, then zeros
 */
const magic = Uint8Array.of(0x89, 0x48, 0x46, 0x42, 0x4c, 0x4f, 0x42, 0x0a);
const formatVersion = 1;
const lengthOffset = 12;
const payloadLengthOffset = 16;
const nameLengthOffset = 24;
const metadataLengthOffset = 26;
const checksumOffset = 28;
const nameOffset = 32;

/** A header is a whole number of these, and this much of a file is read at first. */
export const headerPageBytes = 4096;
/** A name and metadata at their limits need 12 KiB; nothing longer is believed. */
const headerBytesMax = 16 * headerPageBytes;

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export interface BlobHeader {
  readonly name: BlobName;
  /** As it was written; where its expiry was moved to since then is in `expiry-times.ts`. */
  readonly metadata: ObjectMetadata;
  readonly headerBytes: number;
}

/** The length that `encodeHeader` will have. The payload's size and checksum do not change it. */
export function headerLength(name: BlobName, metadata: ObjectMetadata): number {
  const used = nameOffset + encoder.encode(name).length + encodeMetadata(metadata).length;
  return Math.ceil(used / headerPageBytes) * headerPageBytes;
}

export function encodeHeader(
  name: BlobName,
  metadata: ObjectMetadata,
  checksum: Checksum,
): Uint8Array {
  const nameBytes = encoder.encode(name);
  const metadataBytes = encodeMetadata(metadata);
  const bytes = new Uint8Array(headerLength(name, metadata));
  assert(bytes.length <= headerBytesMax, 'a name and metadata within their limits fit in a header');
  const view = new DataView(bytes.buffer);
  bytes.set(magic);
  view.setUint32(8, formatVersion);
  view.setUint32(lengthOffset, bytes.length);
  view.setBigUint64(payloadLengthOffset, BigInt(metadata.size));
  view.setUint16(nameLengthOffset, nameBytes.length);
  view.setUint16(metadataLengthOffset, metadataBytes.length);
  bytes.set(nameBytes, nameOffset);
  bytes.set(metadataBytes, nameOffset + nameBytes.length);
  view.setUint32(checksumOffset, checksum.crc32c(bytes, 0));
  return bytes;
}

/** How long the header is that begins with `bytes`. */
export function peekHeaderLength(bytes: Uint8Array, where: string): number {
  if (bytes.length < headerPageBytes) throw unreadable(where, 'it is too short for a header');
  if (magic.some((byte, at) => bytes[at] !== byte)) throw unreadable(where, 'it is no blob file');
  const view = viewOf(bytes);
  const format = view.getUint32(8);
  if (format !== formatVersion) throw unreadable(where, `format ${format} is not known`);
  const length = view.getUint32(lengthOffset);
  if (length > 0 && length <= headerBytesMax && length % headerPageBytes === 0) return length;
  throw damaged(where, `its header cannot be ${length} bytes long`);
}

/** Reads a whole header; throws for anything `encodeHeader` could not have made. */
export function decodeHeader(bytes: Uint8Array, checksum: Checksum, where: string): BlobHeader {
  const headerBytes = peekHeaderLength(bytes, where);
  if (bytes.length < headerBytes) throw damaged(where, 'its header is cut off');
  const header = bytes.subarray(0, headerBytes);
  const view = viewOf(header);
  const isAsWritten = view.getUint32(checksumOffset) === checksumOf(header, checksum);
  if (!isAsWritten) throw damaged(where, 'its header is not as written');
  const nameEnd = nameOffset + view.getUint16(nameLengthOffset);
  const metadataEnd = nameEnd + view.getUint16(metadataLengthOffset);
  if (metadataEnd > headerBytes) throw unreadable(where, 'its header overflows');
  const metadata = decodeOwnMetadata(header.subarray(nameEnd, metadataEnd), where);
  if (view.getBigUint64(payloadLengthOffset) !== BigInt(metadata.size)) {
    throw unreadable(where, 'its header names two sizes');
  }
  const name = decodeName(header.subarray(nameOffset, nameEnd), where);
  return { name, metadata, headerBytes };
}

const zeros = new Uint8Array(nameOffset - checksumOffset);

/** In parts, since a copy of a page costs more than its checksum. */
function checksumOf(header: Uint8Array, checksum: Checksum): number {
  const before = checksum.crc32c(header.subarray(0, checksumOffset), 0);
  return checksum.crc32c(header.subarray(nameOffset), checksum.crc32c(zeros, before));
}

/** As `decodeMetadata`, and its error says which file holds them. */
function decodeOwnMetadata(bytes: Uint8Array, where: string): ObjectMetadata {
  try {
    return decodeMetadata(bytes);
  } catch (error) {
    if (!(error instanceof DomainError && error.detail.code === 'UNREADABLE')) throw error;
    throw unreadable(where, `its metadata: ${error.detail.why}`, error);
  }
}

function decodeName(bytes: Uint8Array, where: string): BlobName {
  let name: string;
  try {
    name = decoder.decode(bytes);
  } catch (cause) {
    throw unreadable(where, 'its name is not UTF-8', cause);
  }
  if (isBlobName(name)) return name;
  throw unreadable(where, 'its name is no name of a blob');
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
