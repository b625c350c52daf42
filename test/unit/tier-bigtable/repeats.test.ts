import { status } from '@grpc/grpc-js';
import { DomainError, hasCode, type ErrorCode } from '@holdfast/domain';
import assert from 'node:assert/strict';
import { NotSentError } from '../../../packages/tier-bigtable/src/bigtable-errors.js';
import { resolveBigtableOptions } from '../../../packages/tier-bigtable/src/options.js';
import { createAttemptCall, type CallKind } from '../../../packages/tier-bigtable/src/repeats.js';

const attemptsMax = 3;

function failed(code: status): Error {
  return Object.assign(new Error(`status ${code}`), { code });
}

/** More often than anything is attempted. */
function always(failure: Error): Error[] {
  return Array.from({ length: 9 }, () => failure);
}

/** Fails with these, one after the other, and then succeeds. */
async function attempts(kind: CallKind, failures: readonly Error[], callMsMax = 60_000) {
  const options = resolveBigtableOptions({
    instanceId: 'i',
    tableId: 't',
    attemptsMax,
    callMsMax,
    attemptMsMax: 1_000,
  });
  const timeouts: number[] = [];
  const answer = createAttemptCall(options, () => 0)(kind, async (timeoutMs) => {
    const failure = failures[timeouts.length];
    timeouts.push(timeoutMs);
    if (failure !== undefined) throw failure;
    return 'answer';
  });
  const outcome = await answer.catch((error: unknown) =>
    error instanceof DomainError ? error.code : 'no DomainError',
  );
  return { outcome, timeouts, count: timeouts.length };
}

const refusals = [
  status.INVALID_ARGUMENT,
  status.NOT_FOUND,
  status.PERMISSION_DENIED,
  status.FAILED_PRECONDITION,
  status.OUT_OF_RANGE,
  status.UNIMPLEMENTED,
  status.UNAUTHENTICATED,
] as const;
const passing = [
  status.UNAVAILABLE,
  status.DEADLINE_EXCEEDED,
  status.ABORTED,
  status.INTERNAL,
  status.CANCELLED,
  // What a call ends with for which there were no credentials at the moment.
  status.UNKNOWN,
  // Also what a connection ends with that the server has had enough of, whatever it did before.
  status.RESOURCE_EXHAUSTED,
] as const;
const kinds: readonly CallKind[] = ['read', 'idempotent', 'once'];

describe('a call to Bigtable', () => {
  for (const kind of kinds) {
    it(`of the kind '${kind}' is made once when it is answered`, async () => {
      const { outcome, count } = await attempts(kind, []);
      assert.deepEqual([outcome, count], ['answer', 1]);
    });

    for (const code of refusals) {
      it(`of the kind '${kind}' had no effect, and is not repeated, after ${status[code]}`, async () => {
        const { outcome, count } = await attempts(kind, [failed(code)]);
        assert.deepEqual([outcome, count], ['TIER_UNAVAILABLE', 1]);
      });
    }

    it(`of the kind '${kind}' is attempted again, up to its limit, when it was never sent`, async () => {
      const notSent = new NotSentError('no connection');
      assert.equal((await attempts(kind, [notSent])).outcome, 'answer');
      const { outcome, count } = await attempts(kind, always(notSent));
      assert.deepEqual([outcome, count], ['TIER_UNAVAILABLE', attemptsMax]);
    });
  }

  for (const code of passing) {
    const expected: Readonly<Record<CallKind, readonly [ErrorCode, number]>> = {
      read: ['TIER_UNAVAILABLE', attemptsMax],
      idempotent: ['OUTCOME_UNKNOWN', attemptsMax],
      once: ['OUTCOME_UNKNOWN', 1],
    };
    for (const kind of kinds) {
      it(`of the kind '${kind}' that ends with ${status[code]} each time is ${expected[kind].join(' after ')}`, async () => {
        const { outcome, count } = await attempts(kind, always(failed(code)));
        assert.deepEqual([outcome, count], expected[kind]);
      });
    }

    it(`that may be repeated goes through after ${status[code]}`, async () => {
      assert.equal((await attempts('read', [failed(code)])).outcome, 'answer');
      assert.equal((await attempts('idempotent', [failed(code)])).outcome, 'answer');
    });
  }

  it('may have had an effect when one of its attempts may have had one', async () => {
    const failures = [failed(status.UNAVAILABLE), failed(status.PERMISSION_DENIED)];
    assert.equal((await attempts('idempotent', failures)).outcome, 'OUTCOME_UNKNOWN');
    assert.equal((await attempts('read', failures)).outcome, 'TIER_UNAVAILABLE');
  });

  it('is not attempted again when there is no time left', async () => {
    const { count } = await attempts('read', always(failed(status.UNAVAILABLE)), 1);
    assert.equal(count, 1);
  });

  it('has all of its time for the only attempt, and a part of it for one of several', async () => {
    const [once] = (await attempts('once', [])).timeouts;
    const [read] = (await attempts('read', [])).timeouts;
    assert.ok(once !== undefined && once > 50_000);
    assert.equal(read, 1_000);
  });

  it('passes on what is wrong with an answer', async () => {
    const unreadable = new DomainError({ code: 'UNREADABLE', what: 'row', why: 'test' });
    const attemptCall = createAttemptCall(
      resolveBigtableOptions({ instanceId: 'i', tableId: 't' }),
      () => 0,
    );
    await assert.rejects(
      attemptCall('read', () => Promise.reject(unreadable)),
      (error) => hasCode(error, 'UNREADABLE'),
    );
  });
});
