import assert from 'node:assert/strict';
import {
  isPassing,
  retryAfterMsOf,
  retryDelayMs,
} from '../../../packages/tier-gcs/src/retry-policy.js';

describe('when a request to Cloud Storage is repeated', () => {
  it('is for what says nothing about the request itself', () => {
    for (const status of [408, 429, 500, 502, 503, 504]) assert.ok(isPassing(status));
    for (const status of [200, 204, 308, 400, 401, 403, 404, 409, 410, 412, 413, 416, 499, 501]) {
      assert.ok(!isPassing(status), String(status));
    }
  });

  it('is so many seconds later as the server says, or at its time', () => {
    assert.equal(retryAfterMsOf(undefined, 0), 0);
    assert.equal(retryAfterMsOf('0', 0), 0);
    assert.equal(retryAfterMsOf('7', 0), 7000);
    const now = Date.UTC(2026, 10, 21, 12);
    assert.equal(retryAfterMsOf('Sat, 21 Nov 2026 12:00:03 GMT', now), 3000);
    assert.equal(retryAfterMsOf('Sat, 21 Nov 2026 11:59:00 GMT', now), 0);
    assert.equal(retryAfterMsOf('-5', now), 0);
    assert.equal(retryAfterMsOf('soon', now), 0);
    assert.equal(retryAfterMsOf('999999999', now), 24 * 3_600_000);
  });

  it('is after a pause that doubles up to a limit, of which chance takes any part', () => {
    const limits = { retryDelayMs: 100, retryDelayMsMax: 1000 };
    const pauses = (random: number): number[] =>
      [1, 2, 3, 4, 5, 50].map((failure) => retryDelayMs(failure, 0, limits, () => random));
    assert.deepEqual(pauses(0), [0, 0, 0, 0, 0, 0]);
    assert.deepEqual(pauses(0.5), [50, 100, 200, 400, 500, 500]);
    assert.deepEqual(pauses(1), [100, 200, 400, 800, 1000, 1000]);
  });

  it('is never earlier than the server asks for', () => {
    const limits = { retryDelayMs: 100, retryDelayMsMax: 1000 };
    assert.equal(
      retryDelayMs(1, 5000, limits, () => 0),
      5000,
    );
    assert.equal(
      retryDelayMs(1, 5000, limits, () => 0.5),
      5050,
    );
  });
});
