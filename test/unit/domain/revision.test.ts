import {
  changeIdOf,
  compareUtf8,
  decodeRevision,
  encodeRevision,
  formatRevision,
  isRevision,
  parseRevision,
  revisionBytes,
  revisionOf,
  timeOfRevision,
  type Revision,
  type Timestamp,
} from '@holdfast/domain';
import fc from 'fast-check';
import assert from 'node:assert/strict';
import { anyRevision } from './arbitraries.js';
import { assertRefused } from './invalid-input.js';

const time = 1_767_225_600_000 as Timestamp;
const zeros = new Uint8Array(8);
const ones = new Uint8Array(8).fill(0xff);

describe('a revision', () => {
  it('is a UUIDv7 of its time, counter and random bytes', () => {
    const random = Uint8Array.of(0xff, 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd);
    const revision = formatRevision(0x0123_4567_89ab as Timestamp, 0xcde, random);
    assert.equal(revision, '01234567-89ab-7cde-bf01-23456789abcd');
  });

  it('is accepted by its parser and holds its time', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 2 ** 48 - 1 }),
        fc.integer({ max: 4095, min: 0 }),
        (ms, n) => {
          const revision = formatRevision(ms as Timestamp, n, ones);
          assert.equal(parseRevision(revision), revision);
          assert.equal(Number.parseInt(revision.replace('-', '').slice(0, 12), 16), ms);
        },
      ),
    );
  });

  it('comes back from its bytes, wherever they lie', () => {
    fc.assert(
      fc.property(anyRevision, fc.integer({ min: 0, max: 9 }), (revision, offset) => {
        const bytes = new Uint8Array(revisionBytes + 10).fill(0xa5);
        encodeRevision(revision, bytes, offset);
        assert.equal(decodeRevision(bytes, offset), revision);
        const untouched = [...bytes.subarray(0, offset), ...bytes.subarray(offset + revisionBytes)];
        assert.deepEqual(
          untouched,
          Array.from({ length: 10 }, () => 0xa5),
        );
      }),
    );
  });

  it('is not read from bytes that are no UUIDv7, or too few', () => {
    const bytes = bytesOf(formatRevision(time, 7, ones));
    assert.equal(decodeRevision(bytes, 1), undefined);
    assert.equal(decodeRevision(bytes.subarray(0, revisionBytes - 1), 0), undefined);
    for (const [at, byte] of [
      [6, 0x40],
      [6, 0x80],
      [8, 0x40],
      [8, 0xc0],
    ] as const) {
      assert.equal(decodeRevision(bytes.with(at, byte), 0), undefined);
    }
  });

  it('has bytes in the order of its text', () => {
    fc.assert(
      fc.property(anyRevision, anyRevision, (left, right) => {
        const order = Math.sign(compareUtf8(left, right));
        assert.equal(Buffer.compare(bytesOf(left), bytesOf(right)), order);
      }),
    );
  });

  it('is greater than every revision of an earlier millisecond', () => {
    const step = fc.integer({ min: 1, max: 2 ** 40 });
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 47 }), step, (ms, later) => {
        const earlier = formatRevision(ms as Timestamp, 4095, ones);
        assert.ok(earlier < formatRevision((ms + later) as Timestamp, 0, zeros));
      }),
    );
  });

  it('is greater than one of the same millisecond with a smaller counter', () => {
    for (const counter of [1, 255, 256, 4095]) {
      assert.ok(formatRevision(time, counter - 1, ones) < formatRevision(time, counter, zeros));
    }
  });

  it('has a counter of 12 bits and 8 random bytes', () => {
    for (const counter of [-1, 4096]) assert.throws(() => formatRevision(time, counter, zeros));
    for (const length of [7, 9]) {
      assert.throws(() => formatRevision(time, 0, new Uint8Array(length)));
    }
  });

  it('names its change by the same text', () => {
    const revision = formatRevision(time, 0, zeros);
    assert.equal(changeIdOf(revision), revision);
    assert.equal(revisionOf(changeIdOf(revision)), revision);
  });

  const wrong = {
    nothing: '',
    'upper case': '0195C5E0-0000-7000-8000-000000000000',
    'another version': '0195c5e0-0000-4000-8000-000000000000',
    'another variant': '0195c5e0-0000-7000-c000-000000000000',
    'no dashes': '0195c5e0000070008000000000000000',
    'braces around it': '{0195c5e0-0000-7000-8000-000000000000}',
    'a line feed behind it': '0195c5e0-0000-7000-8000-000000000000\n',
    'one digit too few': '0195c5e0-0000-7000-8000-00000000000',
    'one digit too many': '0195c5e0-0000-7000-8000-0000000000000',
  };
  for (const [what, text] of Object.entries(wrong)) {
    it(`is refused with ${what}`, () => {
      assert.equal(isRevision(text), false);
      assertRefused(() => parseRevision(text), 'INVALID_CONDITION', 'revision');
      assertRefused(() => parseRevision(text, 'if_revision'), 'INVALID_CONDITION', 'if_revision');
    });
  }
});

function bytesOf(revision: Revision): Uint8Array {
  const bytes = new Uint8Array(revisionBytes);
  encodeRevision(revision, bytes, 0);
  return bytes;
}

describe('the time of a revision', () => {
  it('is that of when it was made', () => {
    const random = new Uint8Array(8);
    for (const made of [0, 1, 0xffff, 0x10000, 1_700_000_000_123, 2 ** 48 - 1] as Timestamp[]) {
      assert.equal(timeOfRevision(formatRevision(made, 7, random)), made);
    }
  });
});
