import { DomainError, hasCode, invalid, type ErrorDetail } from '@holdfast/domain';
import fc from 'fast-check';
import assert from 'node:assert/strict';
import { hostileText } from './arbitraries.js';

const details: readonly ErrorDetail[] = [
  { code: 'INVALID_OBJECT_ID', field: 'object_id.key', given: '""', allowed: 'must not be empty' },
  { code: 'RANGE_NOT_SATISFIABLE', size: 7 },
  { code: 'CONTENT_MISMATCH', field: 'finish.size', why: 'it is 3, and 4 bytes came' },
  { code: 'CHECKSUM_MISMATCH', what: 'blob b', why: 'its CRC32C differs' },
  { code: 'UNREADABLE', what: 'row r', why: 'format 9 is not known' },
  { code: 'OUTCOME_UNKNOWN' },
  { code: 'TIER_UNAVAILABLE', tier: 'lmdb', why: 'it is closed' },
  { code: 'STORAGE_FULL', tier: 'lmdb' },
  { code: 'CLOCK_SKEWED', skewMs: 300_001, skewMsMax: 300_000 },
  { code: 'CANCELLED' },
  { code: 'SHUTTING_DOWN' },
];

describe('an error', () => {
  for (const detail of details) {
    it(`of ${detail.code} says in its message all that it knows`, () => {
      const error = new DomainError(detail);
      const { code, ...rest } = detail;
      assert.equal(error.code, code);
      assert.equal(error.name, 'DomainError');
      assert.ok(error.message.length > 10);
      for (const value of Object.values(rest)) {
        assert.ok(error.message.includes(String(value)), `${value} is in '${error.message}'`);
      }
    });
  }

  it('keeps its cause', () => {
    const cause = new Error('disk');
    const error = new DomainError({ code: 'STORAGE_FULL', tier: 'lmdb' }, { cause });
    assert.equal(error.cause, cause);
  });

  it('is told apart by its code', () => {
    const error = new DomainError({ code: 'CANCELLED' });
    assert.equal(hasCode(error, 'CANCELLED'), true);
    assert.equal(hasCode(error, 'SHUTTING_DOWN'), false);
    assert.equal(hasCode({ code: 'CANCELLED' }, 'CANCELLED'), false);
    assert.equal(hasCode(undefined, 'CANCELLED'), false);
  });
});

describe('an error about input', () => {
  it('names the field, what was given and what is allowed', () => {
    const error = invalid('INVALID_METADATA', 'metadata.origin', 'a\nb', 'must be nice');
    assert.equal(error.message, 'metadata.origin: must be nice; given "a\\nb"');
    assert.deepEqual(error.detail, {
      code: 'INVALID_METADATA',
      field: 'metadata.origin',
      given: '"a\\nb"',
      allowed: 'must be nice',
    });
  });

  it('repeats at most 80 characters, on one line, in well-formed text', () => {
    const long = fc.oneof(
      hostileText,
      hostileText.map((text) => `${text}😀`.repeat(40)),
    );
    fc.assert(
      fc.property(long, fc.nat({ max: 100 }), (text, padding) => {
        const given = givenIn(invalid('INVALID_PAGE', 'f', 'x'.repeat(padding) + text, 'a'));
        assert.ok(given.length <= 80);
        assert.ok(given.isWellFormed());
        assert.doesNotMatch(given, /\p{Cc}/u);
      }),
      { numRuns: 2_000 },
    );
    assert.equal(givenIn(invalid('INVALID_PAGE', 'f', 'x'.repeat(78), 'a')).length, 80);
    assert.equal(givenIn(invalid('INVALID_PAGE', 'f', 'x'.repeat(79), 'a')).length, 80);
  });

  it('repeats every kind of value', () => {
    const spelled: readonly (readonly [unknown, string])[] = [
      [7, '7'],
      [Number.NaN, 'NaN'],
      [Number.POSITIVE_INFINITY, 'Infinity'],
      [9_007_199_254_740_993n, '9007199254740993'],
      [undefined, 'undefined'],
      [null, 'null'],
      [true, 'true'],
      ['7', '"7"'],
      ['a\u0000\u0085\u007fb', '"a\\u0000\\u0085\\u007fb"'],
    ];
    for (const [value, text] of spelled) {
      assert.equal(givenIn(invalid('INVALID_RANGE', 'f', value, 'a')), text);
    }
  });
});

function givenIn({ detail }: DomainError): string {
  assert.ok('given' in detail);
  return detail.given;
}
