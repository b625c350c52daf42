import { assert } from './assert.js';
import { DomainError } from './errors.js';
import { manualExpiration, type ExpirationPolicy } from './expiration.js';
import { noCustomPairs, type ObjectMetadata } from './metadata.js';
import { decodeRevision, encodeRevision } from './revision.js';
import { isTimestamp } from './timestamp.js';

/*
 * The bytes of an object's metadata, the same in every tier that keeps bytes. Big-endian.
 *
 *    0  u8   format, 1
 *    1  u8   expiration: 0 manual, 1 ttl, 2 tti
 *    2  u8   flags: 1 the write had a condition
 *    3  u8   number of text fields
 *    4  u32  crc32c of the payload
 *    8  u64  size of the payload
 *   16  u64  time created, ms
 *   24  u64  time expires, ms; 0 never
 *   32  u64  expiration, ms; 0 for manual
 *   40  16   revision
 *   56  text fields, ascending by tag: u8 tag, u16 length, UTF-8
 *        1 content type  2 content encoding  3 origin  4 file name
 *        5 custom name, each followed by 6 its value
 */
const formatVersion = 1;
const fixedBytes = 56;
const fieldHeaderBytes = 3;
const timeExpiresOffset = 24;
const revisionOffset = 40;
const conditionalFlag = 1;

const tags = {
  contentType: 1,
  contentEncoding: 2,
  origin: 3,
  fileName: 4,
  customName: 5,
  customValue: 6,
} as const;

const expirationKinds = ['manual', 'ttl', 'tti'] as const;

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

type TextField = readonly [tag: number, text: string];

export function encodeMetadata(metadata: ObjectMetadata): Uint8Array {
  const fields = textFieldsOf(metadata);
  let bytesMax = fixedBytes;
  for (const [, text] of fields) bytesMax += fieldHeaderBytes + text.length * 3;
  const bytes = new Uint8Array(bytesMax);
  const view = new DataView(bytes.buffer);
  const { expiration } = metadata;
  view.setUint8(0, formatVersion);
  view.setUint8(1, expirationKinds.indexOf(expiration.kind));
  view.setUint8(2, metadata.conditional === true ? conditionalFlag : 0);
  assert(fields.length <= 0xff, 'metadata has no more fields than its limits allow');
  view.setUint8(3, fields.length);
  view.setUint32(4, metadata.crc32c);
  setUint64(view, 8, metadata.size);
  setUint64(view, 16, metadata.timeCreated);
  setUint64(view, timeExpiresOffset, metadata.timeExpires ?? 0);
  setUint64(view, 32, expiration.kind === 'manual' ? 0 : expiration.ms);
  encodeRevision(metadata.revision, bytes, revisionOffset);
  let at = fixedBytes;
  for (const [tag, text] of fields) {
    const { written } = encoder.encodeInto(text, bytes.subarray(at + fieldHeaderBytes));
    assert(written <= 0xffff, 'a metadata text field is within its limit');
    view.setUint8(at, tag);
    view.setUint16(at + 1, written);
    at += fieldHeaderBytes + written;
  }
  return bytes.subarray(0, at);
}

/** Reads exactly `bytes`; throws `UNREADABLE` for anything `encodeMetadata` could not have made. */
export function decodeMetadata(bytes: Uint8Array): ObjectMetadata {
  const view = viewOf(bytes);
  const flags = view.getUint8(2);
  const size = getUint64(view, 8);
  const timeCreated = getUint64(view, 16);
  const timeExpires = getUint64(view, timeExpiresOffset);
  if (flags > conditionalFlag) throw unreadable(`flags ${flags} are not known`);
  if (!Number.isSafeInteger(size)) throw unreadable('the size is wrong');
  if (!isTimestamp(timeCreated) || !isTimestamp(timeExpires)) throw unreadable('a time is wrong');
  const revision = decodeRevision(bytes, revisionOffset);
  if (revision === undefined) throw unreadable('the revision is no UUIDv7');
  const metadata: MutableMetadata = {
    contentType: '',
    expiration: decodeExpiration(view.getUint8(1), getUint64(view, 32)),
    custom: noCustomPairs,
    revision,
    timeCreated,
    size,
    crc32c: view.getUint32(4),
  };
  if (timeExpires !== 0) metadata.timeExpires = timeExpires;
  if (flags === conditionalFlag) metadata.conditional = true;
  decodeTexts(bytes, view.getUint8(3), metadata);
  return metadata;
}

function viewOf(bytes: Uint8Array): DataView {
  if (bytes.length < fixedBytes) throw unreadable('it is too short');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const format = view.getUint8(0);
  if (format !== formatVersion) throw unreadable(`format ${format} is not known`);
  return view;
}

function textFieldsOf(metadata: ObjectMetadata): TextField[] {
  const fields: TextField[] = [[tags.contentType, metadata.contentType]];
  if (metadata.contentEncoding !== undefined) {
    fields.push([tags.contentEncoding, metadata.contentEncoding]);
  }
  if (metadata.origin !== undefined) fields.push([tags.origin, metadata.origin]);
  if (metadata.fileName !== undefined) fields.push([tags.fileName, metadata.fileName]);
  for (const [name, value] of metadata.custom) {
    fields.push([tags.customName, name], [tags.customValue, value]);
  }
  return fields;
}

// Filled in place: this is on the path of every read, where copies of objects would be felt.
type MutableMetadata = { -readonly [Field in keyof ObjectMetadata]: ObjectMetadata[Field] };

function decodeTexts(bytes: Uint8Array, count: number, texts: MutableMetadata): void {
  let custom: Map<string, string> | undefined;
  let customName = '';
  let previousTag = 0;
  let at = fixedBytes;
  for (let field = 0; field < count; field += 1) {
    const end = fieldEnd(bytes, at);
    const text = decodeText(bytes, at + fieldHeaderBytes, end);
    const tag = bytes[at] ?? 0;
    if (!mayFollow(previousTag, tag)) throw unreadable('its fields are out of order');
    switch (tag) {
      case tags.contentType:
        texts.contentType = text;
        break;
      case tags.contentEncoding:
        texts.contentEncoding = text;
        break;
      case tags.origin:
        texts.origin = text;
        break;
      case tags.fileName:
        texts.fileName = text;
        break;
      case tags.customName:
        customName = text;
        break;
      case tags.customValue:
        if (custom?.has(customName) === true) throw unreadable('a custom name is there twice');
        texts.custom = (custom ??= new Map()).set(customName, text);
        break;
      default:
        throw unreadable(`field ${tag} is not known`);
    }
    previousTag = tag;
    at = end;
  }
  if (previousTag === tags.customName) throw unreadable('a custom name has no value');
  if (at !== bytes.length) throw unreadable('bytes follow the last field');
  if (texts.contentType === '') throw unreadable('the content type is missing');
}

/** Tags ascend, but for custom pairs: a value follows its name, and a name may follow a value. */
function mayFollow(previous: number, tag: number): boolean {
  if (previous === tags.customName) return tag === tags.customValue;
  if (previous === tags.customValue) return tag === tags.customName;
  return tag > previous && tag !== tags.customValue;
}

function fieldEnd(bytes: Uint8Array, at: number): number {
  const length = ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
  const end = at + fieldHeaderBytes + length;
  if (end > bytes.length) throw unreadable('a field is cut off');
  return end;
}

function decodeText(bytes: Uint8Array, start: number, end: number): string {
  try {
    return decoder.decode(bytes.subarray(start, end));
  } catch (cause) {
    throw unreadable('a text is not UTF-8', cause);
  }
}

function decodeExpiration(kindIndex: number, ms: number): ExpirationPolicy {
  const kind = expirationKinds[kindIndex];
  if (kind === undefined) throw unreadable(`expiration ${kindIndex} is not known`);
  if (!Number.isSafeInteger(ms)) throw unreadable('the expiration is wrong');
  if (kind !== 'manual') return { kind, ms };
  if (ms !== 0) throw unreadable('a manual expiration has a duration');
  return manualExpiration;
}

// Sizes and times are whole numbers below 2^53: two halves avoid the cost of a bigint.
function setUint64(view: DataView, offset: number, value: number): void {
  view.setUint32(offset, Math.floor(value / 0x1_0000_0000));
  view.setUint32(offset + 4, value % 0x1_0000_0000);
}

function getUint64(view: DataView, offset: number): number {
  return view.getUint32(offset) * 0x1_0000_0000 + view.getUint32(offset + 4);
}

function unreadable(why: string, cause?: unknown): DomainError {
  return new DomainError({ code: 'UNREADABLE', what: 'metadata', why }, { cause });
}
