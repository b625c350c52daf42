import { status } from '@grpc/grpc-js';
import { clientLimitDefaults } from '@holdfast/client';
import { reasonError, rpcError } from '@holdfast/rpc';
import { createManualClock, type ManualClock } from '@holdfast/testkit';
import assert from 'node:assert/strict';
import { createRepeats, type Repeats } from '../../../packages/client/src/repeat-call.js';
import { repeatWrite } from '../../../packages/client/src/repeat-write.js';
import { createRetryBudget } from '../../../packages/client/src/retry-budget.js';
import { retryDelayMs } from '../../../packages/client/src/retry-delay.js';

const limits = clientLimitDefaults;
const forever = { deadline: Infinity, signal: undefined };
const nothingDone = reasonError('TIER_UNAVAILABLE', 'nothing was done');
const unanswered = rpcError(status.UNAVAILABLE, undefined, 'the connection broke');

describe('the pause after a failure', () => {
  it('is random up to a limit that doubles, from 100 milliseconds to 10 seconds', () => {
    const longest = [1, 2, 3, 7, 8, 20].map((n) => retryDelayMs(n, undefined, limits, () => 1));
    assert.deepEqual(longest, [100, 200, 400, 6_400, 10_000, 10_000]);
    assert.equal(
      retryDelayMs(5, undefined, limits, () => 0),
      0,
    );
  });

  it('is not shorter than the server asks for', () => {
    assert.equal(
      retryDelayMs(1, 2_000, limits, () => 0),
      2_000,
    );
    assert.equal(
      retryDelayMs(1, 2_000, limits, () => 1),
      2_100,
    );
  });
});

describe('the budget of repeats', () => {
  const budgetLimits = { retryBurstMax: 3, retriesPerSecond: 10 };

  it('lets a burst through at once, and the rest one after the other', () => {
    const clock = createManualClock();
    const budget = createRetryBudget(budgetLimits, () => clock.now());
    const waits = Array.from({ length: 6 }, () => budget.take(Infinity));
    assert.deepEqual(waits, [0, 0, 0, 100, 200, 300]);
    clock.advance(600);
    assert.equal(budget.take(Infinity), 0);
  });

  it('takes nothing where it would be too late', () => {
    const budget = createRetryBudget(budgetLimits, () => 0);
    for (let taken = 0; taken < 3; taken += 1) budget.take(Infinity);
    assert.equal(budget.take(50), undefined);
    assert.equal(budget.take(100), 100);
  });

  it('earns by successes, and is never more than full', () => {
    const budget = createRetryBudget(budgetLimits, () => 0);
    for (let success = 0; success < 100; success += 1) budget.earn();
    const waits = Array.from({ length: 4 }, () => budget.take(Infinity));
    assert.deepEqual(waits, [0, 0, 0, 100]);
    for (let success = 0; success < 4; success += 1) budget.earn();
    assert.equal(budget.take(Infinity), 0);
  });

  it('does not suffer from a clock that is set back', () => {
    let now = 10_000;
    const budget = createRetryBudget(budgetLimits, () => now);
    for (let taken = 0; taken < 3; taken += 1) budget.take(Infinity);
    now = 0;
    assert.equal(budget.take(Infinity), 100);
  });
});

describe('a call that is repeated', () => {
  let clock: ManualClock;
  let repeats: Repeats;
  let closed: AbortController;
  beforeEach(() => {
    clock = createManualClock();
    closed = new AbortController();
    const budget = createRetryBudget(limits, () => clock.now());
    const connected = async (): Promise<boolean> => true;
    const dependencies = { budget, clock, connected, random: () => 1, closed: closed.signal };
    repeats = createRepeats(limits, dependencies);
  });

  /** Lets time pass whenever someone waits for it. */
  async function withTime<T>(call: Promise<T>): Promise<T> {
    const state = { isOver: false };
    const over = call.finally(() => (state.isOver = true));
    over.catch(() => undefined);
    while (!state.isOver) {
      if (clock.sleepers() > 0) clock.advance(100);
      await new Promise((resolve) => setImmediate(resolve));
    }
    return over;
  }

  it('ends with the failure of its last attempt', async () => {
    let attempts = 0;
    const attempt = async (): Promise<never> => {
      attempts += 1;
      throw reasonError('TIER_UNAVAILABLE', `attempt ${attempts}`);
    };
    await assert.rejects(withTime(repeats.run(attempt, forever)), { message: 'attempt 12' });
  });

  it('is not begun again when it would be too late', async () => {
    let attempts = 0;
    const attempt = async (): Promise<never> => {
      attempts += 1;
      throw nothingDone;
    };
    const terms = { deadline: clock.now() + 1_000, signal: undefined };
    await assert.rejects(withTime(repeats.run(attempt, terms)), nothingDone);
    assert.equal(attempts, 4);
  });

  it('is not kept waiting for as long as a server may ask', async () => {
    const error = reasonError('AT_CAPACITY', 'full', { retryAfterMs: 3_600_000 });
    await assert.rejects(
      repeats.run(() => Promise.reject(error), forever),
      error,
    );
  });

  it('is not begun by a client that is closed', async () => {
    closed.abort();
    const call = repeats.run(() => Promise.resolve(1), forever);
    await assert.rejects(call, { code: status.CANCELLED });
  });

  it('passes other errors on', async () => {
    const error = new RangeError('mine');
    await assert.rejects(
      repeats.run(() => Promise.reject(error), forever),
      error,
    );
  });

  it('knows when a write is in doubt, and does not say that nothing was done then', async () => {
    const errors = [nothingDone, unanswered, nothingDone];
    const doubts: boolean[] = [];
    const write = {
      attempt: async (dispatch: { isSent: boolean }): Promise<never> => {
        dispatch.isSent = true;
        throw (
          errors.shift() ?? reasonError('REVISION_MISMATCH', 'other', { info: { revision: 'r' } })
        );
      },
      mayRepeat: (isInDoubt: boolean) => {
        doubts.push(isInDoubt);
        return true;
      },
    };
    await assert.rejects(withTime(repeatWrite(repeats, write, forever)), {
      code: status.UNAVAILABLE,
      reason: 'OUTCOME_UNKNOWN',
      info: { revision: 'r' },
    });
    assert.deepEqual(doubts, [false, true, true]);
  });

  it('is not in doubt when nothing was sent', async () => {
    let attempts = 0;
    const write = {
      attempt: async (): Promise<never> => {
        attempts += 1;
        throw attempts < 3 ? unanswered : reasonError('OBJECT_EXISTS', 'there it is');
      },
      mayRepeat: (isInDoubt: boolean) => !isInDoubt,
    };
    const call = withTime(repeatWrite(repeats, write, forever));
    await assert.rejects(call, { reason: 'OBJECT_EXISTS' });
  });
});
