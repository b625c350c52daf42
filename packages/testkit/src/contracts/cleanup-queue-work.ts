import type { WorkHold } from '@holdfast/domain';
import assert from 'node:assert/strict';
import type { CleanupQueueBench } from './cleanup-queue-bench.js';
import { advanceUntil, type Run } from './cleanup-queue-under-test.js';

const failure = new Error('the store is down');

/** What the queue promises to those who work on it. */
export function describeCleanupWork(bench: CleanupQueueBench): void {
  it('runs as many jobs at once as it may, and no more', async () => {
    await bench.enqueue(Array.from({ length: 5 }, bench.settleJob));
    const worker = bench.worker({ concurrency: 2, answer: () => 'hold' });
    await worker.started(2);
    await bench.queue().advance(bench.queue().timing.stepMs);
    assert.equal(worker.runs.length, 2);
    (await worker.run(1)).end();
    await worker.started(3);
    await bench.queue().advance(bench.queue().timing.stepMs);
    assert.equal(worker.runs.length, 3);
  });

  it('runs a job at one of its workers', async () => {
    const jobs = Array.from({ length: 30 }, bench.settleJob);
    const workers = [1, 2, 3].map(() => bench.worker({ concurrency: 2 }));
    await bench.enqueue(jobs);
    const runs = (): readonly Run[] => workers.flatMap((worker) => worker.runs);
    await advanceUntil(bench.queue(), () => runs().length >= jobs.length);
    await bench.queue().advance(bench.queue().timing.stepMs);
    assert.deepEqual(textsOf(runs()), textsOf(jobs.map((job) => ({ job }))));
  });

  it('does not give a running job to another worker', async () => {
    await bench.enqueue([bench.settleJob()]);
    const first = bench.worker({ answer: () => 'hold' });
    await first.started(1);
    const second = bench.worker();
    await bench.queue().advance(bench.queue().timing.stepMs);
    assert.equal(second.runs.length, 0);
  });

  it('ends once its signal aborts and its running jobs have ended', async () => {
    await bench.enqueue([bench.settleJob(), bench.settleJob(), bench.settleJob()]);
    const worker = bench.worker({ concurrency: 2, answer: () => 'hold' });
    const [one, two] = [await worker.run(0), await worker.run(1)];
    let ended = false;
    const noted = worker.ended.then(() => {
      ended = true;
    });
    worker.abort();
    for (const run of [one, two]) {
      await bench.queue().advance(bench.queue().timing.stepMs);
      assert.equal(ended, false);
      run.end();
    }
    await noted;
    assert.equal(worker.runs.length, 2);
  });

  it('takes nothing when its signal has aborted before', async () => {
    await bench.enqueue([bench.settleJob()]);
    let runs = 0;
    const handle = async (): Promise<undefined> => {
      runs += 1;
      return undefined;
    };
    await bench.queue().consumer.work(handle, { concurrency: 1, signal: AbortSignal.abort() });
    await bench.queue().advance(bench.queue().timing.stepMs);
    assert.equal(runs, 0);
  });

  it('leaves what it has not done to the next worker', async () => {
    const jobs = [bench.settleJob(), bench.settleJob(), bench.settleJob()];
    await bench.enqueue(jobs);
    const first = bench.worker({ concurrency: 1, answer: () => 'hold' });
    await first.started(1);
    await first.stop();
    const second = bench.worker();
    await second.started(2);
    assert.deepEqual(
      textsOf([...first.runs, ...second.runs]),
      textsOf(jobs.map((job) => ({ job }))),
    );
  });

  it('runs a job again when its worker has died, and not before its claim has lapsed', async () => {
    const { claimed, heir } = await dieWithAJob(bench);
    const { timing, advance } = bench.queue();
    await advance(timing.stepMs);
    assert.equal(heir.runs.length, 0);
    await advance(timing.claimMs);
    const { job } = await heir.run(0);
    assert.deepEqual(job, claimed.job);
  });

  for (const [how, late] of Object.entries({ well: undefined, badly: failure })) {
    it(`counts one end of a job whose dead worker ends it ${how} once more`, async () => {
      const { claimed, heir } = await dieWithAJob(bench);
      const { timing, advance } = bench.queue();
      await advance(timing.claimMs + timing.stepMs);
      await heir.started(1);
      await advance(0);
      claimed.end(late);
      await advance(timing.backoffMsMax + timing.slackMs);
      assert.equal(heir.runs.length, 1);
      assert.deepEqual(await bench.deadLetters(), []);
    });

    it(`does not end a job at its new worker when the dead one ends it ${how}`, async () => {
      const { claimed, heir } = await dieWithAJob(bench, failure);
      const { timing, advance } = bench.queue();
      await advance(timing.claimMs + timing.stepMs);
      await heir.started(1);
      claimed.end(late);
      await advanceUntil(bench.queue(), () => heir.runs.length > 1);
    });
  }

  it('tries a failed job again, later each time up to a cap', async () => {
    const { timing } = bench.queue();
    await bench.enqueue([bench.settleJob()]);
    const worker = bench.worker({ answer: () => failure });
    await advanceUntil(bench.queue(), () => worker.runs.length === timing.attemptsMax);
    for (const [index, run] of worker.runs.slice(1).entries()) {
      const waitedMs = run.at - (worker.runs[index]?.at ?? 0);
      const fullMs = Math.min(timing.backoffMs * 2 ** index, timing.backoffMsMax);
      assert.ok(waitedMs >= fullMs / 2, `wait ${index} took ${waitedMs} ms`);
      assert.ok(waitedMs <= fullMs + timing.slackMs, `wait ${index} took ${waitedMs} ms`);
    }
  });

  it('spreads the next attempts of jobs that failed together', async () => {
    const { timing } = bench.queue();
    const jobs = Array.from({ length: 20 }, bench.settleJob);
    await bench.enqueue(jobs);
    const worker = bench.worker({ concurrency: jobs.length, answer: () => failure });
    await advanceUntil(bench.queue(), () => worker.runs.length >= 2 * jobs.length);
    const times = worker.runs.slice(jobs.length, 2 * jobs.length).map(({ at }) => at);
    assert.ok(Math.max(...times) - Math.min(...times) >= timing.stepMs, times.join());
  });

  it('runs a job again when its handler asks for it, which is no failure', async () => {
    const { timing, advance } = bench.queue();
    const delayMs = 8 * timing.stepMs;
    const runsWanted = timing.attemptsMax + 2;
    const worker = bench.worker({
      answer: () => (worker.runs.length < runsWanted ? { againAfterMs: delayMs } : 'succeed'),
    });
    await bench.enqueue([bench.settleJob()]);
    await advanceUntil(bench.queue(), () => worker.runs.length === runsWanted);
    for (const [index, run] of worker.runs.slice(1).entries()) {
      assert.ok(run.at - (worker.runs[index]?.at ?? 0) >= delayMs);
    }
    await advance(timing.backoffMsMax + timing.slackMs);
    assert.equal(worker.runs.length, runsWanted);
    assert.deepEqual(await bench.deadLetters(), []);
  });

  it('gives a job all its attempts again when its handler asks for another run', async () => {
    const { timing, advance } = bench.queue();
    const failures = Array.from({ length: timing.attemptsMax - 1 }, () => failure);
    const answers = [...failures, { againAfterMs: 0 }, ...failures];
    const worker = bench.worker({ answer: () => answers[worker.runs.length - 1] ?? 'succeed' });
    await bench.enqueue([bench.settleJob()]);
    await advanceUntil(bench.queue(), () => worker.runs.length > answers.length);
    await advance(timing.backoffMsMax + timing.slackMs);
    assert.equal(worker.runs.length, answers.length + 1);
    assert.deepEqual(await bench.deadLetters(), []);
  });

  it('takes no job while it is held, and goes on by itself', async () => {
    const { advance, timing } = bench.queue();
    const hold = createTestHold();
    const worker = bench.worker({ hold });
    hold.set(true);
    await advance(timing.stepMs);
    await bench.enqueue([bench.settleJob(), bench.settleJob()]);
    await advance(timing.stepMs);
    assert.equal(worker.runs.length, 0);
    hold.set(false);
    await worker.started(2);
  });

  it('ends although it is held', async () => {
    const hold = createTestHold();
    hold.set(true);
    const worker = bench.worker({ hold });
    await bench.queue().advance(bench.queue().timing.stepMs);
    await worker.stop();
  });

  it('goes on with other jobs while a failed one waits', async () => {
    const [bad, good] = [bench.settleJob(), bench.settleJob()];
    const worker = bench.worker({
      concurrency: 1,
      answer: (job) => (textOf({ job }) === textOf({ job: bad }) ? failure : 'succeed'),
    });
    await bench.enqueue([bad]);
    await worker.started(1);
    await bench.enqueue([good]);
    assert.deepEqual((await worker.run(1)).job, good);
  });
}

/** A job whose worker died while it ran, and a worker that is there to take it over. */
async function dieWithAJob(bench: CleanupQueueBench, answer?: Error): Promise<Inheritance> {
  const doomed = await bench.queue().openDoomed();
  await bench.enqueue([bench.settleJob()]);
  const first = bench.worker({ answer: () => 'hold' }, doomed.consumer);
  const claimed = await first.run(0);
  first.abort();
  await doomed.die();
  return { claimed, heir: bench.worker({ answer: () => answer ?? 'succeed' }) };
}

interface TestHold extends WorkHold {
  set(isHeld: boolean): void;
}

function createTestHold(): TestHold {
  const listeners = new Set<() => void>();
  let held = false;
  return {
    isHeld: () => held,
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    set(isHeld) {
      held = isHeld;
      for (const listener of listeners) listener();
    },
  };
}

interface Inheritance {
  readonly claimed: Run;
  readonly heir: ReturnType<CleanupQueueBench['worker']>;
}

function textsOf(runs: readonly Pick<Run, 'job'>[]): string[] {
  return runs.map(textOf).toSorted();
}

function textOf({ job }: Pick<Run, 'job'>): string {
  return JSON.stringify(job);
}
