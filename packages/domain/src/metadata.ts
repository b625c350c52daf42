import { invalid } from './errors.js';
import { parseExpiration, type ExpirationPolicy } from './expiration.js';
import {
  contentEncodingBytesMax,
  contentTypeBytesMax,
  customBytesMax,
  customNameBytesMax,
  customPairsMax,
  fileNameBytesMax,
  originBytesMax,
} from './limits.js';
import type { Revision } from './revision.js';
import { isCleanText, utf8Length } from './text.js';
import type { Timestamp } from './timestamp.js';

/** What a caller says about an object. */
export interface CallerMetadata {
  readonly contentType: string;
  readonly contentEncoding?: string | undefined;
  readonly expiration: ExpirationPolicy;
  /** Where the object came from, in the caller's words. */
  readonly origin?: string | undefined;
  readonly fileName?: string | undefined;
  readonly custom: ReadonlyMap<string, string>;
}

/** Everything about a blob that is known before its last byte. */
export interface BlobMetadata extends CallerMetadata {
  readonly revision: Revision;
  readonly timeCreated: Timestamp;
  readonly timeExpires?: Timestamp | undefined;
  /**
   * The write had a condition. Whoever loses a race against it may not claim to have come just
   * before it: then its condition would have failed.
   */
  readonly conditional?: boolean | undefined;
}

/** What both tiers keep beside a payload, so that either can be read without the other. */
export interface ObjectMetadata extends BlobMetadata {
  readonly size: number;
  readonly crc32c: number;
}

export const contentTypeDefault = 'application/octet-stream';
export const noCustomPairs: ReadonlyMap<string, string> = new Map();

const customNamePattern = /^[A-Za-z0-9._-]+$/;
const visibleAsciiPattern = /^[\x21-\x7e]+(?: [\x21-\x7e]+)*$/;

/** Checks what a caller sent; every error names the field. */
export function parseCallerMetadata(metadata: CallerMetadata): CallerMetadata {
  checkAscii('metadata.content_type', metadata.contentType, contentTypeBytesMax);
  checkAscii('metadata.content_encoding', metadata.contentEncoding, contentEncodingBytesMax);
  checkText('metadata.origin', metadata.origin, originBytesMax);
  checkText('metadata.file_name', metadata.fileName, fileNameBytesMax);
  parseExpiration(metadata.expiration);
  if (metadata.custom.size > 0) checkCustom(metadata.custom);
  return metadata;
}

function checkAscii(field: string, text: string | undefined, bytesMax: number): void {
  if (text === undefined || (text.length <= bytesMax && visibleAsciiPattern.test(text))) return;
  const allowed = `must be 1 to ${bytesMax} visible ASCII characters, single spaces between them`;
  throw invalid('INVALID_METADATA', field, text, allowed);
}

function checkText(field: string, text: string | undefined, bytesMax: number): void {
  if (text === undefined) return;
  const fits = text.length > 0 && text.length <= bytesMax && utf8Length(text) <= bytesMax;
  if (fits && isCleanText(text)) return;
  const allowed = `must be 1 to ${bytesMax} bytes of well-formed Unicode without control characters`;
  throw invalid('INVALID_METADATA', field, text, allowed);
}

function checkCustom(custom: ReadonlyMap<string, string>): void {
  if (custom.size > customPairsMax) {
    const allowed = `must be at most ${customPairsMax} pairs`;
    throw invalid('INVALID_METADATA', 'metadata.custom', custom.size, allowed);
  }
  let bytes = 0;
  for (const [name, value] of custom) {
    if (name.length > customNameBytesMax || !customNamePattern.test(name)) {
      const allowed = `names must be 1 to ${customNameBytesMax} of A-Z a-z 0-9 . _ -`;
      throw invalid('INVALID_METADATA', 'metadata.custom', name, allowed);
    }
    if (!isCleanText(value)) {
      const allowed = 'values must be well-formed Unicode without control characters';
      throw invalid('INVALID_METADATA', `metadata.custom[${name}]`, value, allowed);
    }
    bytes += name.length + utf8Length(value);
  }
  if (bytes <= customBytesMax) return;
  const allowed = `names and values must be at most ${customBytesMax} bytes together`;
  throw invalid('INVALID_METADATA', 'metadata.custom', bytes, allowed);
}
