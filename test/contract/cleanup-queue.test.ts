import { hasCode, later, type CleanupJob } from '@holdfast/domain';
import {
  createManualClock,
  createMemoryCleanupQueue,
  createRowFixtures,
  describeCleanupQueue,
  memoryCleanupQueueDefaults,
  type CleanupQueueUnderTest,
  type ManualClock,
  type MemoryCleanupQueue,
} from '@holdfast/testkit';
import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers/promises';

const options = {
  ...memoryCleanupQueueDefaults,
  attemptsMax: 5,
  backoffMs: 1_000,
  backoffMsMax: 4_000,
  claimMs: 20_000,
};
const stepMs = 50;

/** The steps of a random number generator that is good enough to spread retries. */
function createRandom(): () => number {
  let state = 1;
  return () => {
    state = (state * 16_807) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

/** A turn of the event loop: every promise that can settle without time passing has settled. */
async function advanceBy(clock: ManualClock, ms: number): Promise<void> {
  await setImmediate();
  clock.advance(ms);
  await setImmediate();
}

async function open(): Promise<CleanupQueueUnderTest> {
  const clock = createManualClock();
  const queue = createMemoryCleanupQueue(options, { clock, random: createRandom() });
  return {
    producer: queue,
    consumer: queue,
    jobs: queue,
    timing: { ...options, stepMs, slackMs: stepMs },
    now: clock.now,
    advance: (ms) => advanceBy(clock, ms),
    openDoomed: async () => ({ consumer: queue, die: async () => {} }),
    takeDown: async () => queue.setAvailable(false),
    close: async () => {},
  };
}

describeCleanupQueue('The memory', open);

describe('The cleanup queue in memory', () => {
  const noSignal = new AbortController().signal;
  let clock: ManualClock;
  let queue: MemoryCleanupQueue;
  let newJob: () => CleanupJob;

  beforeEach(() => {
    clock = createManualClock();
    queue = createMemoryCleanupQueue({ ...options, jobsMax: 3 }, { clock, random: () => 0 });
    const make = createRowFixtures(clock);
    newJob = () => ({ kind: 'settle-change', changeId: make.changeId() });
  });

  it('waits its full back-off when chance takes nothing away', async () => {
    const runs: number[] = [];
    await queue.enqueue(newJob(), clock.now());
    const start = clock.now();
    startFailing(() => runs.push(clock.now() - start));
    for (let step = 0; step < 400; step += 1) await advanceBy(clock, stepMs);
    assert.deepEqual(runs, [0, 1_000, 3_000, 7_000, 11_000]);
  });

  it('runs a job once more that is enqueued while it runs', async () => {
    const job = newJob();
    const ends: ((done: undefined) => void)[] = [];
    await queue.enqueue(job, clock.now());
    void queue.work(() => new Promise((resolve) => ends.push(resolve)), {
      concurrency: 2,
      signal: noSignal,
    });
    await advanceBy(clock, 0);
    await queue.enqueue(job, clock.now());
    await queue.enqueue(job, clock.now());
    await advanceBy(clock, 0);
    assert.equal(ends.length, 1);
    ends[0]?.(undefined);
    await advanceBy(clock, 0);
    assert.equal(ends.length, 2);
    ends[1]?.(undefined);
    await advanceBy(clock, 0);
    assert.deepEqual(queue.counts(), { waiting: 0, running: 0, dead: 0 });
  });

  it('runs a job once more that is enqueued during its last attempt', async () => {
    const job = newJob();
    await queue.enqueue(job, clock.now());
    let runs = 0;
    startFailing(() => {
      runs += 1;
      if (runs === options.attemptsMax) void queue.enqueue(job, clock.now());
    });
    for (let step = 0; step < 2 * options.attemptsMax; step += 1) {
      await advanceBy(clock, options.backoffMsMax);
    }
    assert.equal(runs, 2 * options.attemptsMax);
  });

  it('tells a handler when its claim has lapsed', async () => {
    await queue.enqueue(newJob(), clock.now());
    const signals: AbortSignal[] = [];
    const handle = (_: CleanupJob, signal: AbortSignal): Promise<undefined> => {
      signals.push(signal);
      return new Promise(() => {});
    };
    void queue.work(handle, { concurrency: 2, signal: noSignal });
    await advanceBy(clock, options.claimMs - 1);
    assert.deepEqual(
      signals.map(({ aborted }) => aborted),
      [false],
    );
    await advanceBy(clock, 1);
    assert.deepEqual(
      signals.map(({ aborted }) => aborted),
      [true, false],
    );
  });

  it('makes a dead letter of a job that outlives every worker', async () => {
    await queue.enqueue(newJob(), clock.now());
    const handle = (): Promise<undefined> => new Promise(() => {});
    void queue.work(handle, { concurrency: options.attemptsMax + 1, signal: noSignal });
    for (let attempt = 0; attempt < options.attemptsMax; attempt += 1) {
      assert.deepEqual(queue.counts().dead, 0);
      await advanceBy(clock, options.claimMs);
    }
    const { letters } = await queue.listDeadLetters(undefined, 10);
    assert.deepEqual(
      letters.map(({ attempts }) => attempts),
      [options.attemptsMax],
    );
    assert.match(letters[0]?.lastError ?? '', /in time/);
  });

  it('keeps what is left of an error within its bound', async () => {
    await queue.enqueue(newJob(), clock.now());
    startFailing(() => {}, 'x'.repeat(100_000));
    await dieOut();
    assert.equal((await queue.listDeadLetters(undefined, 1)).letters[0]?.lastError.length, 1_000);
  });

  it('goes on listing although the letters before have been discarded', async () => {
    for (let count = 0; count < 3; count += 1) await queue.enqueue(newJob(), clock.now());
    startFailing(() => {});
    await dieOut();
    const first = await queue.listDeadLetters(undefined, 2);
    for (const { id } of first.letters) await queue.discardDeadLetter(id);
    const rest = await queue.listDeadLetters(first.next, 2);
    assert.deepEqual([first.letters.length, rest.letters.length, rest.next], [2, 1, undefined]);
  });

  it('refuses a cursor that it has not given', async () => {
    for (const cursor of ['', 'x', '1.5', '-1', '1e3']) {
      await assert.rejects(queue.listDeadLetters(cursor, 1), (error) =>
        hasCode(error, 'INVALID_PAGE'),
      );
    }
  });

  it('refuses more jobs than it has room for, dead ones included', async () => {
    await queue.enqueue(newJob(), clock.now());
    startFailing(() => {});
    await dieOut();
    const distant = later(clock.now(), 3_600_000);
    const waiting = newJob();
    for (const job of [newJob(), waiting]) await queue.enqueue(job, distant);
    assert.deepEqual(queue.counts(), { waiting: 2, running: 0, dead: 1 });
    await assert.rejects(queue.enqueue(newJob(), distant), (error) =>
      hasCode(error, 'TIER_UNAVAILABLE'),
    );
    await queue.enqueue(waiting, distant);
  });

  it('forgets everything when it is flushed, and hears no more of what was running', async () => {
    await queue.enqueue(newJob(), clock.now());
    const ends: ((error: Error) => void)[] = [];
    void queue.work(() => new Promise((_, reject) => ends.push(reject)), {
      concurrency: 1,
      signal: noSignal,
    });
    await advanceBy(clock, 0);
    await queue.enqueue(newJob(), later(clock.now(), 1));
    assert.deepEqual(queue.counts(), { waiting: 1, running: 1, dead: 0 });
    queue.flush();
    ends[0]?.(new Error('late'));
    await advanceBy(clock, options.backoffMsMax);
    assert.deepEqual(queue.counts(), { waiting: 0, running: 0, dead: 0 });
    assert.equal(ends.length, 1);
  });

  function startFailing(note: () => void, message = 'no'): void {
    const handle = async (): Promise<undefined> => {
      note();
      throw new Error(message);
    };
    void queue.work(handle, { concurrency: 3, signal: noSignal });
  }

  async function dieOut(): Promise<void> {
    for (let attempt = 0; attempt < options.attemptsMax; attempt += 1) {
      await advanceBy(clock, options.backoffMsMax);
    }
  }
});
