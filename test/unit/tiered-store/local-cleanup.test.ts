import {
  changeIdOf,
  DomainError,
  later,
  type ChangeId,
  type CleanupJob,
  type SettleRequest,
} from '@holdfast/domain';
import { createCountingIds, createManualClock } from '@holdfast/testkit';
import assert from 'node:assert/strict';
import {
  createLocalCleanup,
  type CleanupEngine,
} from '../../../services/tiered-store/src/local-cleanup.js';
import { createListener, metricValue, testMetrics } from './quiet.js';

const never = new AbortController().signal;

function arrangeCleanup(jobsMax = 100, concurrency = 2) {
  const clock = createManualClock();
  const ids = createCountingIds(clock);
  const metrics = testMetrics();
  const { logger, lines } = createListener();
  const cleanup = createLocalCleanup({ jobsMax, concurrency }, { clock, logger, metrics });
  const settled: ChangeId[] = [];
  let running = 0;
  let most = 0;
  let fault: Error | undefined;
  const engine: CleanupEngine = {
    async settleChange({ changeId, youngChange, unnamedBlobs }: SettleRequest) {
      assert.deepEqual([youngChange, unnamedBlobs], ['settle', 'keep-for-readers']);
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setImmediate(resolve));
      running -= 1;
      if (fault !== undefined) throw fault;
      settled.push(changeId);
      return { kind: 'already-resolved' };
    },
    reclaimBlob: () => Promise.reject(new Error('none is asked for')),
  };
  const newJob = (): { readonly job: CleanupJob; readonly changeId: ChangeId } => {
    const changeId = changeIdOf(ids.revision());
    return { changeId, job: { kind: 'settle-change', changeId } };
  };
  return {
    clock,
    cleanup,
    engine,
    metrics,
    lines,
    settled,
    newJob,
    most: () => most,
    waiting: () => metricValue(metrics, 'cleanup_jobs_waiting'),
    fail: (error: Error) => void (fault = error),
  };
}

describe('Local cleanup', () => {
  it('settles a change when its time has come, and not before', async () => {
    const { clock, cleanup, engine, settled, newJob, waiting } = arrangeCleanup();
    const { job, changeId } = newJob();
    await cleanup.enqueue(job, later(clock.now(), 1_000));
    clock.advance(999);
    await cleanup.work(engine, never);
    assert.deepEqual(settled, []);
    clock.advance(1);
    await cleanup.work(engine, never);
    assert.deepEqual(settled, [changeId]);
    assert.equal(await waiting(), 0);
  });

  it('does what is due earlier first, whatever came first', async () => {
    const { clock, cleanup, engine, settled, newJob } = arrangeCleanup(100, 1);
    const dues = [300, 100, 200];
    const jobs = dues.map(() => newJob());
    for (const [at, { job }] of jobs.entries()) {
      await cleanup.enqueue(job, later(clock.now(), dues[at] ?? 0));
    }
    clock.advance(1_000);
    await cleanup.work(engine, never);
    const [first, second, third] = jobs;
    assert.deepEqual(settled, [second?.changeId, third?.changeId, first?.changeId]);
  });

  it('swallows a job that is waiting already', async () => {
    const { clock, cleanup, newJob, waiting } = arrangeCleanup();
    const { job } = newJob();
    await cleanup.enqueue(job, clock.now());
    await cleanup.enqueue(job, later(clock.now(), 5));
    assert.equal(await waiting(), 1);
  });

  it('refuses what there is no room for: it stays on the log', async () => {
    const { clock, cleanup, metrics, newJob } = arrangeCleanup(1);
    await cleanup.enqueue(newJob().job, clock.now());
    await assert.rejects(cleanup.enqueue(newJob().job, clock.now()), (error) => {
      return error instanceof DomainError && error.code === 'TIER_UNAVAILABLE';
    });
    assert.equal(await metricValue(metrics, 'cleanup_jobs_waiting'), 1);
    assert.equal(await metricValue(metrics, 'cleanup_jobs_total{outcome="refused"}'), 1);
  });

  it('does a few at a time, and all that are due', async () => {
    const { clock, cleanup, engine, settled, newJob, most } = arrangeCleanup(100, 3);
    for (let n = 0; n < 20; n += 1) await cleanup.enqueue(newJob().job, clock.now());
    await cleanup.work(engine, never);
    assert.deepEqual([settled.length, most()], [20, 3]);
  });

  it('leaves to a sweep what fails, and says so', async () => {
    const { clock, cleanup, engine, lines, metrics, newJob, fail, waiting } = arrangeCleanup();
    fail(new Error('the disk is gone'));
    await cleanup.enqueue(newJob().job, clock.now());
    await cleanup.work(engine, never);
    assert.equal(await waiting(), 0);
    assert.equal(await metricValue(metrics, 'cleanup_jobs_total{outcome="failed"}'), 1);
    assert.equal(lines[0]?.level, 'warn');
    assert.match(JSON.stringify(lines[0]), /the disk is gone/);
  });

  it('ends after those under way when it is told to', async () => {
    const { clock, cleanup, engine, settled, newJob, waiting } = arrangeCleanup(100, 2);
    for (let n = 0; n < 6; n += 1) await cleanup.enqueue(newJob().job, clock.now());
    await cleanup.work(engine, AbortSignal.abort());
    assert.deepEqual([settled.length, await waiting()], [2, 4]);
  });
});
