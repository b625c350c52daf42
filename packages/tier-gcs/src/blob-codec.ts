import {
  decodeMetadata,
  encodeMetadata,
  isTimestamp,
  type BlobMetadata,
  type ObjectMetadata,
  type Timestamp,
} from '@holdfast/domain';
import { unreadable } from './errors.js';
import type { ObjectResource } from './object-resource.js';

/*
 * How a blob is an object. The object's bytes begin with the payload, and are nothing else unless the
 * metadata is too large for the custom metadata of an object: then it follows the payload as a footer,
 * whose length is a parameter of the content type.
 */
export const mediaType = 'application/vnd.holdfast.blob';

/** Names and values of an object's custom metadata together. */
const customBytesMax = 8 * 1024;
/** No metadata is larger: its text fields have limits. */
const footerBytesMax = 64 * 1024;
const dayMs = 24 * 3_600_000;
/** A time of four digits is all that the store takes. */
const customTimeMsMax = Date.UTC(9999, 0);

const keys = {
  metadata: 'holdfast',
  created: 'holdfast-created',
  expires: 'holdfast-expires',
  write: 'holdfast-write',
} as const;

const contentTypePattern = /^application\/vnd\.holdfast\.blob(?:; footer=([1-9][0-9]{0,5}))?$/;
const timePattern = /^(?:0|[1-9][0-9]{0,15})$/;

/** What an object is created with. */
export interface EncodedBlob {
  readonly contentType: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly customTime?: string;
  /** What follows the payload, given its size and checksum; nothing for most. */
  footer(size: number, crc32c: number): Uint8Array;
}

/** `write` is an identity of this write alone: by it its writer knows the object again. */
export function encodeBlob(metadata: BlobMetadata, write: string): EncodedBlob {
  const { timeCreated, timeExpires } = metadata;
  const small = {
    [keys.created]: String(timeCreated),
    ...(timeExpires === undefined ? undefined : { [keys.expires]: String(timeExpires) }),
    [keys.write]: write,
  };
  const expiry = timeExpires === undefined ? undefined : { customTime: customTimeOf(timeExpires) };
  const encoded = encodeMetadata({ ...metadata, size: 0, crc32c: 0 });
  const whole = { [keys.metadata]: Buffer.from(encoded).toString('base64'), ...small };
  if (bytesOf(whole) <= customBytesMax) {
    return { contentType: mediaType, metadata: whole, ...expiry, footer: () => new Uint8Array() };
  }
  const contentType = `${mediaType}; footer=${encoded.length}`;
  const footer = (size: number, crc32c: number): Uint8Array =>
    encodeMetadata({ ...metadata, size, crc32c });
  return { contentType, metadata: small, ...expiry, footer };
}

function bytesOf(texts: Readonly<Record<string, string>>): number {
  return Object.entries(texts).reduce((sum, [name, text]) => sum + name.length + text.length, 0);
}

/** A blob's own expiry is for the bucket's lifecycle rule, and later than the table's by a day. */
function customTimeOf(timeExpires: Timestamp): string {
  return new Date(Math.min(timeExpires + dayMs, customTimeMsMax)).toISOString();
}

/** How many bytes follow the payload; `undefined` for an object that is no blob of ours. */
export function footerBytesOf(contentType: string | undefined): number | undefined {
  const match = contentTypePattern.exec(contentType ?? '');
  if (match === null) return undefined;
  const bytes = Number(match[1] ?? 0);
  return bytes <= footerBytesMax ? bytes : undefined;
}

export function isOfWrite({ metadata }: ObjectResource, write: string): boolean {
  return metadata[keys.write] === write;
}

export interface BlobShape {
  /** Of the payload. */
  readonly size: number;
  readonly footerBytes: number;
  readonly timeCreated: Timestamp;
}

/** What an object says of its blob without its metadata; throws `UNREADABLE` if it is none of ours. */
export function shapeOf(resource: ObjectResource): BlobShape {
  const { name, contentType, contentEncoding = '', size, metadata } = resource;
  if (contentEncoding !== '') throw unreadable(name, 'it is stored encoded');
  const footerBytes = footerBytesOf(contentType);
  if (footerBytes === undefined) throw unreadable(name, 'its content type is not that of a blob');
  if (footerBytes > size) throw unreadable(name, 'it is shorter than its footer');
  const timeCreated = parseTime(metadata[keys.created]);
  if (timeCreated === undefined) throw unreadable(name, 'its time of creation is wrong');
  return { size: size - footerBytes, footerBytes, timeCreated };
}

/** `footer` is that of the object, if it has one. */
export function decodeBlob(resource: ObjectResource, footer: Uint8Array): ObjectMetadata {
  const { size, footerBytes } = shapeOf(resource);
  const { name, metadata, crc32c } = resource;
  const written = footerBytes > 0 ? footer : encodedIn(resource);
  const decoded = decodeMetadata(written);
  if (footerBytes > 0 && decoded.size !== size) {
    throw unreadable(name, `its footer tells of ${decoded.size} bytes instead of ${size}`);
  }
  const plain = footerBytes > 0 ? decoded : { ...decoded, size, crc32c };
  if (plain.timeExpires === undefined) return plain;
  const timeExpires = parseTime(metadata[keys.expires]);
  if (timeExpires === undefined) throw unreadable(name, 'its time of expiry is wrong');
  return { ...plain, timeExpires };
}

function encodedIn({ name, metadata }: ObjectResource): Uint8Array {
  const text = metadata[keys.metadata];
  if (text === undefined) throw unreadable(name, 'its metadata is missing');
  return Buffer.from(text, 'base64');
}

/** What changes of an object whose expiry is moved to `timeExpires`; `undefined` if nothing does. */
export function expiryChange(
  { name, metadata, customTime }: ObjectResource,
  timeExpires: Timestamp,
):
  { readonly metadata: Readonly<Record<string, string>>; readonly customTime: string } | undefined {
  const text = metadata[keys.expires];
  // One that never expires goes on never to.
  if (text === undefined) return undefined;
  const current = parseTime(text);
  if (current === undefined) throw unreadable(name, 'its time of expiry is wrong');
  if (current >= timeExpires) return undefined;
  const wanted = customTimeOf(timeExpires);
  // The store refuses to move it backward, where somebody else has moved it further.
  const isLater = customTime === undefined || Date.parse(customTime) < Date.parse(wanted);
  const moved = isLater ? wanted : customTime;
  return { metadata: { [keys.expires]: String(timeExpires) }, customTime: moved };
}

function parseTime(text: string | undefined): Timestamp | undefined {
  const ms = text !== undefined && timePattern.test(text) ? Number(text) : Number.NaN;
  return isTimestamp(ms) ? ms : undefined;
}
