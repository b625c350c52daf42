import { assert } from './assert.js';
import type { Branded } from './brand.js';
import { invalid } from './errors.js';
import type { Timestamp } from './timestamp.js';

/** The UUIDv7 of one write, in lower case. It is never used for a second write. */
export type Revision = Branded<string, 'Revision'>;
/** Names a change. The change of a write carries the write's revision, as the same text. */
export type ChangeId = Branded<string, 'ChangeId'>;

export const revisionBytes = 16;

const uuid7Pattern = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

export function parseRevision(text: string, field = 'revision'): Revision {
  if (uuid7Pattern.test(text)) return text as Revision;
  throw invalid('INVALID_CONDITION', field, text, 'must be a UUIDv7 in lower case');
}

export function isRevision(text: string): text is Revision {
  return uuid7Pattern.test(text);
}

export function changeIdOf(revision: Revision): ChangeId {
  return revision as string as ChangeId;
}

export function revisionOf(changeId: ChangeId): Revision {
  return changeId as string as Revision;
}

/**
 * A UUIDv7 from the time, a counter for writes of the same millisecond and random bytes. The
 * counter keeps the ids of one process in order; the random bytes keep processes apart.
 */
export function formatRevision(time: Timestamp, counter: number, random: Uint8Array): Revision {
  assert(counter >= 0 && counter < 4096, 'a revision counter has 12 bits');
  assert(random.length === 8, 'a revision holds 8 random bytes');
  const bytes = new Uint8Array(revisionBytes);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, Math.floor(time / 0x10000));
  view.setUint16(4, time % 0x10000);
  view.setUint16(6, 0x7000 | counter);
  bytes.set(random, 8);
  bytes[8] = ((random[0] ?? 0) & 0x3f) | 0x80;
  const revision = decodeRevision(bytes, 0);
  assert(revision !== undefined, 'what was just made is a UUIDv7');
  return revision;
}

/** When the write or change of this id began, by the clock of the process that made the id. */
export function timeOfRevision(revision: Revision | ChangeId): Timestamp {
  return Number.parseInt(revision.slice(0, 8) + revision.slice(9, 13), 16) as Timestamp;
}

const dash = 0x2d;
const hexCodes = Uint8Array.from('0123456789abcdef', (digit) => digit.charCodeAt(0));

/** Reads the 16 bytes at `offset`; `undefined` when they are no UUIDv7. */
export function decodeRevision(bytes: Uint8Array, offset: number): Revision | undefined {
  const isUuid7 = ((bytes[offset + 6] ?? 0) & 0xf0) === 0x70;
  const isVariant = ((bytes[offset + 8] ?? 0) & 0xc0) === 0x80;
  if (offset + revisionBytes > bytes.length || !isUuid7 || !isVariant) return undefined;
  const high = (at: number): number => hexCodes[(bytes[offset + at] ?? 0) >> 4] ?? 0;
  const low = (at: number): number => hexCodes[(bytes[offset + at] ?? 0) & 0xf] ?? 0;
  // One call with all characters is several times faster than putting pieces together.
  // prettier-ignore
  const text = String.fromCharCode(
    high(0), low(0), high(1), low(1), high(2), low(2), high(3), low(3), dash,
    high(4), low(4), high(5), low(5), dash,
    high(6), low(6), high(7), low(7), dash,
    high(8), low(8), high(9), low(9), dash,
    high(10), low(10), high(11), low(11), high(12), low(12),
    high(13), low(13), high(14), low(14), high(15), low(15),
  );
  return text as Revision;
}

/** Writes 16 bytes at `offset`; their order is the order of the texts. */
export function encodeRevision(
  revision: Revision | ChangeId,
  bytes: Uint8Array,
  offset: number,
): void {
  let at = offset;
  for (let index = 0; index < 36; index += 2) {
    if (index === 8 || index === 13 || index === 18 || index === 23) index += 1;
    bytes[at] = (hexDigit(revision, index) << 4) | hexDigit(revision, index + 1);
    at += 1;
  }
}

function hexDigit(text: string, index: number): number {
  const code = text.charCodeAt(index);
  return code <= 0x39 ? code - 0x30 : code - 0x57;
}
