import type { object } from '@holdfast/contracts';
import { parseByteRange, type ByteSpan } from '@holdfast/domain';

/**
 * The bytes wanted, both ends included, as in HTTP: `{ first: 0, last: 99 }` are the first hundred,
 * `{ first: 100 }` all but those, `{ suffix: 100 }` the last hundred.
 */
export type ByteRange =
  { readonly first: number; readonly last?: number | undefined } | { readonly suffix: number };

/** Throws `INVALID_RANGE`. */
export function encodeRange(range: ByteRange): object.ByteRange {
  if ('suffix' in range) {
    parseByteRange({ kind: 'suffix', length: range.suffix });
    return { start: { $case: 'suffix', value: BigInt(range.suffix) } };
  }
  const { first, last } = range;
  parseByteRange({ kind: 'slice', first, last });
  return {
    start: { $case: 'first', value: BigInt(first) },
    last: last === undefined ? undefined : BigInt(last),
  };
}

/** The part of `span` from `received` bytes on, which is not empty. */
export function restOf(span: ByteSpan, received: number): object.ByteRange {
  return {
    start: { $case: 'first', value: BigInt(span.offset + received) },
    last: BigInt(span.offset + span.length - 1),
  };
}

export function decodeSpan(span: object.ByteSpan | undefined): ByteSpan {
  return { offset: Number(span?.offset ?? 0n), length: Number(span?.length ?? 0n) };
}
