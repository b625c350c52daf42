import { blobNameOf, hasCode, revisionOf, type CleanupJob } from '@holdfast/domain';
import assert from 'node:assert/strict';
import type { CleanupQueueBench } from './cleanup-queue-bench.js';
import { advanceUntil } from './cleanup-queue-under-test.js';
import { createRowFixtures } from './row-fixtures.js';

// What queues use for their own purposes, and what a name may hold nevertheless.
const treacherousKeys = ['a:b', 'a/objects/b', '*', '{1}', '..', '17', ' ', 'é', '😀', '%00'];

/** What the queue promises to those who put jobs on it. */
export function describeCleanupProducer(bench: CleanupQueueBench): void {
  it('hands a job to a worker as it was enqueued', async () => {
    const long = bench.reclaimJob('k'.repeat(800));
    const jobs = [bench.settleJob(), ...treacherousKeys.map(bench.reclaimJob), long];
    await bench.enqueue(jobs);
    const worker = bench.worker();
    await worker.started(jobs.length);
    assert.deepEqual(byText(worker.runs), byText(jobs.map((job) => ({ job }))));
  });

  it('hands a job to a worker that was there before it', async () => {
    const worker = bench.worker();
    const job = bench.settleJob();
    await bench.enqueue([job]);
    assert.deepEqual((await worker.run(0)).job, job);
  });

  it('does not hand out a job before its time has come', async () => {
    const { timing, advance, now } = bench.queue();
    const worker = bench.worker();
    const delayMs = 8 * timing.stepMs;
    const dueAt = now() + delayMs;
    await bench.enqueue([bench.settleJob()], delayMs);
    await advance(timing.stepMs);
    assert.equal(worker.runs.length, 0);
    await advanceUntil(bench.queue(), () => worker.runs.length > 0);
    const { at } = await worker.run(0);
    assert.ok(at >= dueAt && at <= dueAt + timing.slackMs, `it is ${at - dueAt} ms late`);
  });

  it('lets a due job pass one whose time has not come', async () => {
    const [early, late] = [bench.settleJob(), bench.settleJob()];
    await bench.enqueue([late], 1_000 * bench.queue().timing.stepMs);
    await bench.enqueue([early]);
    const worker = bench.worker({ concurrency: 1 });
    assert.deepEqual((await worker.run(0)).job, early);
    await bench.queue().advance(bench.queue().timing.stepMs);
    assert.equal(worker.runs.length, 1);
  });

  it('takes a job once while one of the same change or blob waits', async () => {
    const jobs = [bench.settleJob(), bench.reclaimJob()];
    await bench.enqueue([...jobs, ...jobs]);
    await bench.enqueue(jobs, 2 * bench.queue().timing.stepMs);
    assert.equal(await runsInAll(bench), 2);
  });

  it('takes a job once while a failed one of the same change waits for its next attempt', async () => {
    const job = bench.settleJob();
    let failures = 0;
    const worker = bench.worker({ answer: () => (failures++ === 0 ? new Error('no') : 'succeed') });
    await bench.enqueue([job]);
    await worker.started(1);
    await bench.queue().advance(0);
    await bench.enqueue([job, job]);
    await advanceUntil(bench.queue(), () => worker.runs.length > 1);
    await passABackoff(bench);
    assert.equal(worker.runs.length, 2);
  });

  it('keeps jobs apart that are about the same write', async () => {
    const make = createRowFixtures({ now: bench.queue().now, sleep: () => Promise.resolve() });
    const changeId = make.changeId();
    const blobs = [make.id(), make.id()].map((id) => blobNameOf(id, revisionOf(changeId)));
    await bench.enqueue([
      { kind: 'settle-change', changeId },
      ...blobs.map((blob) => ({ kind: 'reclaim-blob', blob }) as const),
    ]);
    assert.equal(await runsInAll(bench), 3);
  });

  it('takes a job again once it is done', async () => {
    const job = bench.settleJob();
    const worker = bench.worker();
    for (const count of [1, 2, 3]) {
      await bench.enqueue([job]);
      await worker.started(count);
      await bench.queue().advance(0);
    }
  });

  it('refuses a job as unavailable while it is down', async () => {
    await bench.queue().takeDown();
    await assert.rejects(bench.enqueue([bench.settleJob()]), (error) =>
      hasCode(error, 'TIER_UNAVAILABLE'),
    );
  });
}

/** How many jobs there were, after more than enough time for all of them. */
async function runsInAll(bench: CleanupQueueBench): Promise<number> {
  const worker = bench.worker();
  await passABackoff(bench);
  return worker.runs.length;
}

async function passABackoff({ queue }: CleanupQueueBench): Promise<void> {
  const { timing, advance } = queue();
  await advance(timing.backoffMsMax + timing.slackMs);
}

function byText(runs: readonly { readonly job: CleanupJob }[]): string[] {
  return runs.map(({ job }) => JSON.stringify(job)).toSorted();
}
