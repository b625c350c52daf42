import { hasCode, later } from '@holdfast/domain';
import { createManualClock } from '@holdfast/testkit';
import assert from 'node:assert/strict';
import { beginAttempts, type Attempts } from '../../../packages/tier-gcs/src/attempts.js';
import { PassingFailure } from '../../../packages/tier-gcs/src/errors.js';
import { gcsDefaults } from '../../../packages/tier-gcs/src/options.js';

const limits = { ...gcsDefaults, callMsMax: 1000, attemptsMax: 4, retryDelayMs: 10 };
const { signal } = new AbortController();
const { signal: closed } = new AbortController();
const failure = new PassingFailure('the server is busy');

describe('the attempts at a request', () => {
  const clock = createManualClock();
  // Without a pause, so that no time has to pass.
  const begin = (): Attempts => beginAttempts(limits, { clock, random: () => 0, closed });

  it('end when there were so many, with what the last one failed with', async () => {
    const attempts = begin();
    for (let failures = 1; failures < limits.attemptsMax; failures += 1) {
      await attempts.pauseAfter(failure, signal);
    }
    await assert.rejects(attempts.pauseAfter(failure, signal), (error) => {
      assert.ok(hasCode(error, 'TIER_UNAVAILABLE'));
      assert.match(error.message, /the server is busy \(attempt 4\)/);
      return error.cause === failure;
    });
  });

  it('begin anew with every progress', async () => {
    const attempts = begin();
    for (let failures = 0; failures < 50; failures += 1) {
      await attempts.pauseAfter(failure, signal);
      clock.advance(900);
      attempts.noteProgress();
    }
    assert.equal(attempts.leftMs(), 1000);
  });

  it('end when their time is up, and before a pause that would outlast it', async () => {
    const attempts = begin();
    clock.advance(600);
    assert.equal(attempts.leftMs(), 400);
    const patient = new PassingFailure('later', { retryAfterMs: 500 });
    await assert.rejects(attempts.pauseAfter(patient, signal), /later \(attempt 1\)/);
    clock.advance(600);
    assert.equal(attempts.leftMs(), 1);
    await assert.rejects(attempts.pauseAfter(failure, signal), /busy/);
  });

  it('get no more time from a clock that was put back', () => {
    const attempts = begin();
    clock.set(later(clock.now(), -10_000));
    assert.equal(attempts.leftMs(), 1000);
  });

  it('do not pause for longer than anybody waits', async () => {
    const closing = new AbortController();
    const dependencies = { clock, random: () => 0.99, closed: closing.signal };
    const waiting = new AbortController();
    const pauses = [
      beginAttempts(limits, dependencies).pauseAfter(failure, waiting.signal),
      beginAttempts(limits, dependencies).pauseAfter(failure, signal),
      beginAttempts(limits, dependencies).pauseAfter(failure),
    ];
    waiting.abort();
    await pauses[0];
    closing.abort();
    await Promise.all(pauses);
    await beginAttempts(limits, dependencies).pauseAfter(failure, signal);
  });
});
