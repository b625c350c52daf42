import { CleanupFailure, type SweepRun } from '@holdfast/domain';
import type { SweepHandler } from '@holdfast/queue-bullmq';
import assert from 'node:assert/strict';
import { openSweeps } from '../support/redis-queue.js';
import { createClosers } from '../support/redis-closers.js';
import {
  createRunFixtures,
  lookAtSweeps,
  startSweeps,
  type SweepsInRedis,
} from '../support/redis-sweeps.js';
import { requireRedis } from '../support/redis.js';
import { startDashboardBed, type DashboardBed } from './dashboard-bed.js';

const prefix = '{holdfast}';
const makeRun = createRunFixtures();

interface ShownJob {
  readonly id: string;
  readonly name: string;
  readonly data: object;
  readonly progress: unknown;
  readonly returnValue: unknown;
  readonly failedReason?: string;
}

describe('sweeps on the dashboard', () => {
  const closers = createClosers();
  let bed: DashboardBed;
  let seen: SweepsInRedis;

  before(async function () {
    requireRedis(this);
    // The dashboard is the cleanup worker's: it has no rights but that one's.
    bed = await startDashboardBed({ writable: true, isRestricted: true });
  });
  after(() => bed?.close());

  beforeEach(async () => {
    await bed.redis.flush();
    seen = closers.add(lookAtSweeps(bed.redis, prefix));
  });
  afterEach(() => closers.closeAll());

  async function runOne(handle: SweepHandler): Promise<SweepRun> {
    const sweeps = closers.add(await openSweeps({ url: bed.redis.url, prefix }));
    const run = makeRun();
    await sweeps.add(run);
    closers.add(startSweeps(sweeps, handle));
    return run;
  }

  async function shown(status: string): Promise<readonly ShownJob[]> {
    const answer = await fetch(`${bed.url}/queues/api/queues?activeQueue=sweep&status=${status}`);
    const { queues } = (await answer.json()) as { queues: { name: string; jobs: ShownJob[] }[] };
    return queues.find(({ name }) => name === 'sweep')?.jobs ?? [];
  }

  function retry(path: string): Promise<Response> {
    const headers = { origin: bed.url };
    return fetch(`${bed.url}/queues/api/queues/sweep/${path}`, { method: 'PUT', headers });
  }

  it('show what was asked for, how far they came and what they did', async () => {
    const run = await runOne(async (_, { tell }) => {
      await tell({ scanned: 12 });
      return { kind: 'done', summary: { removed: 3 } };
    });
    await seen.completed(1);
    const [job, ...others] = await shown('completed');
    assert.deepEqual(others, []);
    assert.equal(job?.name, 'expire-objects');
    const { request } = job.data as SweepRun;
    assert.deepEqual(request, run.request);
    assert.deepEqual([job.progress, job.returnValue], [{ scanned: 12 }, { removed: 3 }]);
  });

  it('show why they failed, and are not retried', async () => {
    const run = await runOne(() => Promise.reject(new CleanupFailure('CLOCK_SKEWED', 'by 1 h')));
    await seen.failed(1);
    const [job] = await shown('failed');
    assert.equal(job?.failedReason, 'CLOCK_SKEWED: by 1 h');
    for (const path of [
      `run-${run.runId}/retry/failed`,
      `run-${run.runId}/retry`,
      'retry/failed',
    ]) {
      const { status } = await retry(path);
      assert.ok([403, 404].includes(status), `${path}: ${status}`);
    }
    const [still] = await seen.failed(1);
    assert.equal(still?.attemptsMade, 1);
  });
});
