import { ApiError, notImplemented } from './api-error.js';

export interface ByteRange {
  readonly start: number;
  /** The first byte that is not in it. */
  readonly end: number;
}

/**
 * The part of a payload that the header `Range` asks for: `undefined` if it asks for none, or in a
 * way that RFC 9110 tells to pass over.
 */
export function parseRange(header: string | undefined, size: number): ByteRange | undefined {
  if (header === undefined) return undefined;
  if (/^bytes=.*,/iu.test(header)) throw notImplemented('more than one range');
  const match = /^bytes=(?<first>\d*)-(?<last>\d*)$/iu.exec(header);
  const first = match?.groups?.['first'] ?? '';
  const last = match?.groups?.['last'] ?? '';
  if (first === '' && last === '') return undefined;
  if (first === '') return satisfiable({ start: Math.max(0, size - Number(last)), end: size });
  if (last !== '' && Number(last) < Number(first)) return undefined;
  const end = last === '' ? size : Math.min(size, Number(last) + 1);
  return satisfiable({ start: Number(first), end });
}

function satisfiable(range: ByteRange): ByteRange {
  if (range.start < range.end) return range;
  const message = 'The requested range cannot be satisfied.';
  throw new ApiError(416, 'requestedRangeNotSatisfiable', message);
}
