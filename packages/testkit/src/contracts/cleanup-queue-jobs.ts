import { CleanupFailure, hasCode, type CleanupJob, type CleanupJobState } from '@holdfast/domain';
import assert from 'node:assert/strict';
import type { CleanupQueueBench } from './cleanup-queue-bench.js';
import { advanceUntil } from './cleanup-queue-under-test.js';

/** What the queue promises to those who look for jobs. */
export function describeCleanupJobs(bench: CleanupQueueBench): void {
  const states = (...jobs: CleanupJob[]): Promise<readonly CleanupJobState[]> =>
    bench.queue().jobs.states(jobs);

  it('finds no job that was never enqueued', async () => {
    assert.deepEqual(await states(bench.settleJob(), bench.reclaimJob()), ['absent', 'absent']);
  });

  it('finds jobs that wait, those whose time has not come too', async () => {
    const [due, delayed] = [bench.settleJob(), bench.reclaimJob()];
    await bench.enqueue([due]);
    await bench.enqueue([delayed], 1_000 * bench.queue().timing.stepMs);
    assert.deepEqual(await states(due, delayed), ['queued', 'queued']);
  });

  it('answers in the order in which it was asked, each job as often as it was asked for', async () => {
    const [there, missing, also] = [bench.settleJob(), bench.reclaimJob(), bench.reclaimJob()];
    await bench.enqueue([there, also]);
    const found = await states(missing, also, there, missing, there);
    assert.deepEqual(found, ['absent', 'queued', 'queued', 'absent', 'queued']);
  });

  it('answers nothing when it is asked for nothing', async () => {
    assert.deepEqual(await states(), []);
  });

  it('finds a job that runs, and not any more when it is done', async () => {
    const job = bench.settleJob();
    await bench.enqueue([job]);
    const worker = bench.worker({ answer: () => 'hold' });
    const run = await worker.run(0);
    assert.deepEqual(await states(job), ['queued']);
    run.end();
    await bench.queue().advance(bench.queue().timing.stepMs);
    assert.deepEqual(await states(job), ['absent']);
  });

  it('finds a job that failed and waits for its next attempt', async () => {
    const job = bench.settleJob();
    await bench.enqueue([job]);
    await bench.worker({ concurrency: 1, answer: () => new Error('no') }).started(1);
    await bench.queue().advance(0);
    assert.deepEqual(await states(job), ['queued']);
  });

  it('tells a dead letter from a job, until it is retried or discarded', async () => {
    const [retried, discarded] = [bench.settleJob(), bench.reclaimJob()];
    await bench.enqueue([retried, discarded]);
    const worker = bench.worker({
      answer: () => new CleanupFailure('INVALID', 'no', { isFinal: true }),
    });
    await advanceUntil(bench.queue(), () => worker.runs.length === 2);
    await worker.stop();
    await bench.queue().advance(bench.queue().timing.stepMs);
    assert.deepEqual(await states(retried, discarded), ['dead-letter', 'dead-letter']);
    for (const { id, job } of await bench.deadLetters()) {
      const { consumer } = bench.queue();
      if (job?.kind === 'settle-change') await consumer.retryDeadLetter(id);
      else await consumer.discardDeadLetter(id);
    }
    assert.deepEqual(await states(retried, discarded), ['queued', 'absent']);
  });

  it('finds many jobs in one call', async () => {
    const jobs = Array.from({ length: 1_000 }, (_, index) =>
      index % 2 === 0 ? bench.settleJob() : bench.reclaimJob(),
    );
    await bench.enqueue(jobs.filter((_, index) => index % 10 === 0));
    const found = await states(...jobs);
    assert.deepEqual(
      found,
      jobs.map((_, index) => (index % 10 === 0 ? 'queued' : 'absent')),
    );
  });

  it('touches no job by looking for it', async () => {
    const job = bench.settleJob();
    await bench.enqueue([job]);
    await states(job, job);
    const worker = bench.worker();
    assert.deepEqual((await worker.run(0)).job, job);
    await bench.queue().advance(bench.queue().timing.stepMs);
    assert.equal(worker.runs.length, 1);
  });

  it('says that it is unavailable while it is down', async () => {
    await bench.queue().takeDown();
    await assert.rejects(states(bench.settleJob()), (error) => hasCode(error, 'TIER_UNAVAILABLE'));
  });
}
