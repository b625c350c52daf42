import assert from 'node:assert/strict';
import { startCleanupBed, type CleanupBed } from '../support/cleanup-bed.js';
import { jobsEnded } from '../support/cleanup-counts.js';
import { openJobs, type JobsInRedis } from '../support/cleanup-jobs.js';
import { settleQueue } from '../support/cleanup-operators.js';
import { waitForNothing } from '../support/cleanup-rest.js';
import { hastyWorker } from '../support/cleanup-settings.js';
import { holdStill } from '../support/cleanup-standstill.js';
import { keysOf, usecase, writeLarge, type Written } from '../support/cleanup-writes.js';
import { drainingFor, withoutReaderGrace } from '../support/cluster-settings.js';
import { waitUntil } from '../support/cluster-wait.js';
import type { ChangesAnswer } from '../support/loader-messages.js';
import { KiB } from '../support/loader-payloads.js';
import { requireRedis } from '../support/redis.js';

const size = 4 * KiB;
const concurrency = 5;
const drainMs = 1_000;

const twoWorkers = {
  tieredStore: withoutReaderGrace,
  worker: { ...hastyWorker, HOLDFAST_CLEANING__CONCURRENCY: String(concurrency) },
  workerCount: 2,
};

describe('cleanup workers', function () {
  this.timeout(120_000);
  let bed: CleanupBed;
  let jobs: JobsInRedis;

  before(async function () {
    requireRedis(this);
    bed = await startCleanupBed(twoWorkers);
    jobs = openJobs(bed.redis);
  });

  after(async () => {
    await jobs?.close();
    await bed?.close();
  });

  function done(): Promise<number[]> {
    return Promise.all(bed.workers.map((worker) => jobsEnded(worker, 'done')));
  }

  it('share the work', async () => {
    const count = 8 * concurrency;
    const before = await done();
    const written = await queueJobs({ bed, jobs }, 'shared', count);
    const goOn = await startInVain({ bed, jobs }, 2 * concurrency);
    goOn();
    await waitForNothing(bed);
    const after = await done();
    const shares = after.map((number, worker) => number - (before[worker] ?? 0));
    assert.equal(sum(shares), count);
    assert.ok(
      shares.every((share) => share >= concurrency),
      JSON.stringify(shares),
    );
    await assertIntact(bed, written);
  });

  it('run a job again that was at a worker which was killed', async () => {
    const count = 2 * concurrency;
    const [, doneBefore = 0] = await done();
    const written = await queueJobs({ bed, jobs }, 'killed', count);
    const goOn = await startInVain({ bed, jobs }, count);
    await bed.workers[0]?.kill();
    goOn();
    await waitForNothing(bed, bed.operatorsOf(1));
    const worker = bed.workers[1];
    assert.ok(worker !== undefined);
    assert.equal((await jobsEnded(worker, 'done')) - doneBefore, count);
    await assertIntact(bed, written);
    await bed.workers[0]?.start();
  });

  it('do no harm when the same job is at both at once', async () => {
    const copies = 2 * concurrency;
    const [first] = await queueJobs({ bed, jobs }, 'twice', 1);
    const [original] = await jobs.queue.getWaiting();
    assert.ok(first !== undefined && original !== undefined);
    for (let copy = 1; copy < copies; copy += 1) {
      await jobs.queue.add(original.name, original.data, { jobId: `copy-${copy}` });
    }
    const before = await done();
    const goOn = await startInVain({ bed, jobs }, copies);
    goOn();
    await waitForNothing(bed);
    const after = await done();
    assert.equal(sum(after) - sum(before), copies);
    await assertIntact(bed, [first]);
  });

  it('do no harm when many settle the same changes at once', async () => {
    const count = 20;
    const callers = 10;
    const written = await queueJobs({ bed, jobs }, 'everybody', count);
    const { changes = [] } = await bed.store.unary<ChangesAnswer>(
      ['maintenance', 'ListChanges'],
      {},
    );
    const changeIds = changes.map(({ changeId }) => changeId);
    assert.equal(changeIds.length, count);
    const settle = () =>
      bed.store.unary<{ readonly results: readonly { readonly settled?: object }[] }>(
        ['maintenance', 'SettleChange'],
        { changeIds },
      );
    const answers = await Promise.all([
      bed.operators.resume(settleQueue),
      ...Array.from({ length: callers }, settle),
    ]);
    const results = answers.flatMap((answer) => answer?.results ?? []);
    assert.equal(results.length, callers * count);
    assert.ok(results.every(({ settled }) => settled !== undefined));
    await waitForNothing(bed);
    await assertIntact(bed, written);
  });
});

describe('a cleanup worker that is asked to end in the middle of its jobs', function () {
  this.timeout(120_000);
  const count = 8 * concurrency;
  let bed: CleanupBed;
  let jobs: JobsInRedis;
  let written: readonly Written[];
  let goOn: () => void;

  before(async function () {
    requireRedis(this);
    const { worker, tieredStore } = twoWorkers;
    // Claims that do not lapse meanwhile on a machine that is busy with something else.
    const claims = { HOLDFAST_CLEANING__CLAIM_MS: '10000' };
    const ending = { ...worker, ...claims, ...drainingFor(drainMs) };
    bed = await startCleanupBed({ tieredStore, worker: ending });
    jobs = openJobs(bed.redis);
  });

  after(async () => {
    await jobs?.close();
    await bed?.close();
  });

  beforeEach(async () => {
    written = await queueJobs({ bed, jobs }, 'ending', count);
    goOn = await startInVain({ bed, jobs }, concurrency);
  });

  it('ends what it is at, takes nothing more, and another one does the rest', async () => {
    const ended = bed.worker.terminate();
    await waitUntil(
      'it is not ready any more',
      async () => (await fetch(`${bed.worker.httpUrl}/readyz`)).status,
      (status) => status === 503,
    );
    goOn();
    assert.deepEqual(await ended, { code: 0, signal: null });
    const { waiting, delayed, active, failed } = await jobs.counts();
    assert.deepEqual([waiting + delayed, active, failed], [count - concurrency, 0, 0]);
    await bed.worker.start();
    await waitForNothing(bed);
    await assertIntact(bed, written);
  });

  it('ends although the store does not answer, and another one does it all', async () => {
    assert.deepEqual(await bed.worker.terminate(), { code: 0, signal: null });
    const { waiting, delayed, active, failed } = await jobs.counts();
    assert.deepEqual([waiting + delayed + active, failed], [count, 0]);
    goOn();
    await bed.worker.start();
    await waitForNothing(bed);
    await assertIntact(bed, written);
  });
});

interface Stage {
  readonly bed: CleanupBed;
  readonly jobs: JobsInRedis;
}

/** Makes jobs that nobody takes yet. Answers the objects as they are now. */
async function queueJobs(
  { bed, jobs }: Stage,
  name: string,
  count: number,
): Promise<readonly Written[]> {
  await writeLarge(bed.store, keysOf(name, count), size);
  await waitForNothing(bed);
  await bed.operators.pause(settleQueue);
  const written = await writeLarge(bed.store, keysOf(name, count), size);
  await waitUntil(
    `${count} jobs wait`,
    () => jobs.counts(),
    ({ waiting, delayed }) => waiting + delayed === count,
  );
  return written;
}

/** Lets workers take jobs, which then hang, since the store stands still until it is told to go on. */
async function startInVain({ bed, jobs }: Stage, running: number): Promise<() => void> {
  const goOn = await holdStill(bed.tieredStore);
  await bed.operators.resume(settleQueue);
  await waitUntil(
    `${running} jobs run`,
    () => jobs.counts(),
    ({ active }) => active === running,
  );
  return goOn;
}

async function assertIntact(bed: CleanupBed, written: readonly Written[]): Promise<void> {
  for (const { key, payload } of written) {
    const read = await bed.store.get({ objectId: { usecase, key } });
    assert.ok(read.payload.equals(payload), key);
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
