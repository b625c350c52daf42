import {
  expiryOf,
  extendedExpiry,
  isExpired,
  limits,
  manualExpiration,
  parseExpiration,
  type ExpirationPolicy,
  type Timestamp,
} from '@holdfast/domain';
import fc from 'fast-check';
import assert from 'node:assert/strict';
import { anyTime } from './arbitraries.js';
import { assertRefused } from './invalid-input.js';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const now = 1_767_225_600_000 as Timestamp;

describe('an expiration policy', () => {
  for (const kind of ['ttl', 'tti'] as const) {
    it(`of ${kind} takes whole milliseconds from a second to a hundred years`, () => {
      const { expirationMsMin: min, expirationMsMax: max } = limits;
      assert.deepEqual([min, max], [1_000, 36_500 * dayMs]);
      for (const ms of [min, min + 1, max - 1, max]) {
        assert.deepEqual(parseExpiration({ kind, ms }), { kind, ms });
      }
      for (const ms of [min - 1, max + 1, 0, -1, 1000.5, Number.NaN, Number.POSITIVE_INFINITY]) {
        const field = `metadata.expiration.${kind}`;
        assertRefused(() => parseExpiration({ kind, ms }), 'INVALID_EXPIRATION', field);
      }
    });
  }

  it('that is manual never expires', () => {
    assert.deepEqual(parseExpiration({ kind: 'manual' }), manualExpiration);
    assert.equal(expiryOf(manualExpiration, now), undefined);
    assert.equal(isExpired(undefined, Number.MAX_SAFE_INTEGER as Timestamp), false);
  });

  it('sets the expiry at the time of the write and its duration', () => {
    for (const kind of ['ttl', 'tti'] as const) {
      assert.equal(expiryOf({ kind, ms: hourMs }, now), now + hourMs);
    }
  });

  it('expires an object at the instant of its expiry', () => {
    assert.equal(isExpired(now, at(-1)), false);
    assert.equal(isExpired(now, now), true);
    assert.equal(isExpired(now, at(1)), true);
  });
});

describe('a read of an object with a time to idle', () => {
  const debounces = {
    'a quarter of 4 hours': [4 * hourMs, hourMs],
    'a day of 10': [10 * dayMs, dayMs],
  };
  for (const [what, [ms, debounceMs]] of Object.entries(debounces)) {
    it(`extends it once ${what} has gone, and not before`, () => {
      assert.ok(ms !== undefined && debounceMs !== undefined);
      const policy = { kind: 'tti', ms } as const;
      const left = ms - debounceMs;
      assert.equal(extendedExpiry(policy, at(left + 1), now), undefined);
      assert.equal(extendedExpiry(policy, at(left), now), undefined);
      assert.equal(extendedExpiry(policy, at(left - 1), now), now + ms);
    });
  }

  it('debounces by a day from four days on', () => {
    assert.equal(extendedExpiry({ kind: 'tti', ms: 4 * dayMs }, at(3 * dayMs), now), undefined);
    assert.equal(
      extendedExpiry({ kind: 'tti', ms: 4 * dayMs }, at(3 * dayMs - 1), now),
      at(4 * dayMs),
    );
    assert.equal(extendedExpiry({ kind: 'tti', ms: 5 * dayMs }, at(4 * dayMs), now), undefined);
    assert.equal(
      extendedExpiry({ kind: 'tti', ms: 5 * dayMs }, at(4 * dayMs - 1), now),
      at(5 * dayMs),
    );
  });

  it('extends it in its last millisecond, and never revives it after', () => {
    const policy = { kind: 'tti', ms: hourMs } as const;
    assert.equal(extendedExpiry(policy, at(1), now), at(hourMs));
    assert.equal(extendedExpiry(policy, now, now), undefined);
    assert.equal(extendedExpiry(policy, at(-1), now), undefined);
  });

  it('never brings the expiry forward, whatever the clock says', () => {
    const idle = fc.integer({ min: limits.expirationMsMin, max: limits.expirationMsMax });
    const offset = fc.integer({ min: -limits.expirationMsMax, max: limits.expirationMsMax });
    fc.assert(
      fc.property(idle, anyTime, offset, (ms, time, offsetMs) => {
        const expires = Math.max(0, time + offsetMs) as Timestamp;
        const extended = extendedExpiry({ kind: 'tti', ms }, expires, time);
        if (extended === undefined) return;
        assert.ok(extended > expires && expires > time);
        assert.equal(extended, time + ms);
      }),
      { numRuns: 2_000 },
    );
  });

  it('leaves objects of other policies alone', () => {
    const others: ExpirationPolicy[] = [manualExpiration, { kind: 'ttl', ms: hourMs }];
    for (const policy of others) assert.equal(extendedExpiry(policy, at(1), now), undefined);
    assert.equal(extendedExpiry({ kind: 'tti', ms: hourMs }, undefined, now), undefined);
  });
});

function at(offsetMs: number): Timestamp {
  return (now + offsetMs) as Timestamp;
}
