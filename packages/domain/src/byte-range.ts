import { DomainError, invalid } from './errors.js';

/** The bytes a reader asks for. */
export type ByteRange =
  /** From `first` to `last`, both included; to the end when `last` is left out or lies beyond it. */
  | { readonly kind: 'slice'; readonly first: number; readonly last?: number | undefined }
  /** The last `length` bytes; the whole object when it is shorter. */
  | { readonly kind: 'suffix'; readonly length: number };

/** A range of an object of known size: always inside of it and never empty. */
export interface ByteSpan {
  readonly offset: number;
  readonly length: number;
}

export function parseByteRange(range: ByteRange): ByteRange {
  switch (range.kind) {
    case 'slice':
      checkPosition('range.first', range.first, 0);
      if (range.last !== undefined) checkPosition('range.last', range.last, range.first);
      return range;
    case 'suffix':
      checkPosition('range.suffix', range.length, 1);
      return range;
  }
}

/** Throws `RANGE_NOT_SATISFIABLE` for a range without a single byte of the object. */
export function spanOf(range: ByteRange, size: number): ByteSpan {
  const offset = range.kind === 'slice' ? range.first : Math.max(0, size - range.length);
  if (offset >= size) throw new DomainError({ code: 'RANGE_NOT_SATISFIABLE', size });
  const end = range.kind === 'slice' && range.last !== undefined ? range.last + 1 : size;
  return { offset, length: Math.min(end, size) - offset };
}

function checkPosition(field: string, value: number, min: number): void {
  if (Number.isSafeInteger(value) && value >= min) return;
  throw invalid('INVALID_RANGE', field, value, `must be a whole number of at least ${min}`);
}
