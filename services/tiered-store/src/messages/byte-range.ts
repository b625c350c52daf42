import type { object } from '@holdfast/contracts';
import { invalid, type ByteRange } from '@holdfast/domain';

const positionMax = BigInt(Number.MAX_SAFE_INTEGER);

/** No object is nearly as large as what a number can count, so beyond that all positions are alike. */
export function readByteRange(message: object.ByteRange | undefined): ByteRange | undefined {
  if (message === undefined) return undefined;
  const { start, last } = message;
  switch (start?.$case) {
    case 'first':
      if (last !== undefined && last < start.value) {
        throw invalid('INVALID_RANGE', 'range.last', last, `must be at least ${start.value}`);
      }
      return {
        kind: 'slice',
        first: position(start.value),
        last: last === undefined ? undefined : position(last),
      };
    case 'suffix':
      if (last !== undefined) {
        throw invalid('INVALID_RANGE', 'range.last', last, 'must not be given with a suffix');
      }
      return { kind: 'suffix', length: position(start.value) };
    case undefined:
      throw invalid('INVALID_RANGE', 'range', undefined, 'must have a first byte or a suffix');
  }
}

function position(value: bigint): number {
  return Number(value < positionMax ? value : positionMax);
}
