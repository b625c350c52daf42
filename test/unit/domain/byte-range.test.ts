import { hasCode, parseByteRange, spanOf, type ByteRange, type ByteSpan } from '@holdfast/domain';
import fc from 'fast-check';
import assert from 'node:assert/strict';
import { assertRefused } from './invalid-input.js';

const size = 10;

describe('a byte range', () => {
  const spans: readonly (readonly [string, ByteRange, ByteSpan])[] = [
    ['from the first byte', slice(0), { offset: 0, length: 10 }],
    ['from the last byte', slice(9), { offset: 9, length: 1 }],
    ['of the first byte', slice(0, 0), { offset: 0, length: 1 }],
    ['of the last byte', slice(9, 9), { offset: 9, length: 1 }],
    ['in the middle', slice(3, 5), { offset: 3, length: 3 }],
    ['of everything', slice(0, 9), { offset: 0, length: 10 }],
    ['one byte beyond the end', slice(8, 10), { offset: 8, length: 2 }],
    ['far beyond the end', slice(8, Number.MAX_SAFE_INTEGER), { offset: 8, length: 2 }],
    ['of the last byte, as a suffix', suffix(1), { offset: 9, length: 1 }],
    ['of all but one byte, as a suffix', suffix(9), { offset: 1, length: 9 }],
    ['of everything, as a suffix', suffix(10), { offset: 0, length: 10 }],
    ['longer than the object, as a suffix', suffix(11), { offset: 0, length: 10 }],
    ['of any length, as a suffix', suffix(Number.MAX_SAFE_INTEGER), { offset: 0, length: 10 }],
  ];
  for (const [what, range, span] of spans) {
    it(`${what} is ${span.length} bytes at ${span.offset}`, () => {
      assert.deepEqual(spanOf(parseByteRange(range), size), span);
    });
  }

  it('that begins at or behind the end cannot be satisfied', () => {
    for (const range of [slice(10), slice(10, 10), slice(11, 12), slice(Number.MAX_SAFE_INTEGER)]) {
      assertUnsatisfiable(range, size);
    }
  });

  it('of an empty object cannot be satisfied', () => {
    for (const range of [slice(0), slice(0, 0), slice(1), suffix(1)]) assertUnsatisfiable(range, 0);
  });

  it('of a single byte object is that byte', () => {
    for (const range of [slice(0), slice(0, 0), slice(0, 1), suffix(1), suffix(2)]) {
      assert.deepEqual(spanOf(range, 1), { offset: 0, length: 1 });
    }
  });

  it('has positions that are whole numbers in order, and the wrong one is named', () => {
    for (const first of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53]) {
      assertRefused(() => parseByteRange(slice(first)), 'INVALID_RANGE', 'range.first');
    }
    for (const last of [4, -1, 5.5, Number.NaN, 2 ** 53]) {
      assertRefused(() => parseByteRange(slice(5, last)), 'INVALID_RANGE', 'range.last');
    }
    for (const length of [0, -1, 1.5, Number.NaN, 2 ** 53]) {
      assertRefused(() => parseByteRange(suffix(length)), 'INVALID_RANGE', 'range.suffix');
    }
  });

  it('is what the same slice of an array is', () => {
    const position = fc.integer({ min: 0, max: 12 });
    fc.assert(
      fc.property(
        position,
        fc.option(position, { nil: undefined }),
        position,
        (first, more, all) => {
          const last = more === undefined ? undefined : first + more;
          const bytes = Array.from({ length: all }, (_, index) => index);
          const expected = bytes.slice(first, last === undefined ? undefined : last + 1);
          if (expected.length === 0) return assertUnsatisfiable(slice(first, last), all);
          const { offset, length } = spanOf(slice(first, last), all);
          assert.deepEqual(bytes.slice(offset, offset + length), expected);
        },
      ),
    );
  });
});

function slice(first: number, last?: number): ByteRange {
  return { kind: 'slice', first, last };
}

function suffix(length: number): ByteRange {
  return { kind: 'suffix', length };
}

function assertUnsatisfiable(range: ByteRange, ofSize: number): void {
  assert.throws(
    () => spanOf(range, ofSize),
    (error) => hasCode(error, 'RANGE_NOT_SATISFIABLE') && error.message.includes(`${ofSize} bytes`),
  );
}
