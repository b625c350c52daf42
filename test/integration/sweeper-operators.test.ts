import { sweepKinds } from '@holdfast/domain';
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { samplesOf } from '../support/cluster-metrics.js';
import { waitUntil } from '../support/cluster-wait.js';
import { newPrefix, openSweeps } from '../support/redis-queue.js';
import { createRunFixtures } from '../support/redis-sweeps.js';
import { requireRedis, startRedis, type RedisServer } from '../support/redis.js';
import { useSweepers, type RunningSweeper } from './sweeper-bed.js';
import { startStore, type RunningStore } from './tiered-store-process.js';

describe('What operators ask of a sweeper', () => {
  let redis: RedisServer;
  let store: RunningStore;
  const start = useSweepers(() => ({ redis, store }));

  before(async function () {
    requireRedis(this);
    redis = await startRedis({ persistence: 'none' });
    store = await startStore();
  });
  after(async () => {
    await store?.dispose();
    await redis?.remove();
  });

  async function failedJobs(sweeper: RunningSweeper): Promise<number | undefined> {
    const samples = samplesOf(await sweeper.metrics());
    return samples.find(({ name, labels }) => {
      return name === 'holdfast_sweep_queue_jobs' && labels['state'] === 'failed';
    })?.value;
  }

  it('is done for one of many at once, and the others hear that they came too late', async () => {
    const sweeper = await start();
    const clients = 8;
    const ends = await Promise.all(
      Array.from({ length: clients }, () =>
        sweeper.sweeps.run('RecoverChanges').then(
          ({ runId }) => runId,
          (error: unknown) => String(error),
        ),
      ),
    );
    const reports = await sweeper.sweeps.reports();
    const ran = new Set(reports.map(({ runId }) => runId));
    const refused = ends.filter((end) => !ran.has(end));
    assert.equal(
      ends.length - refused.length,
      ran.size,
      'each run that was, was that of one of them',
    );
    assert.ok(
      refused.every((end) => end.includes('SWEEP_RUNNING')),
      refused.join('\n'),
    );
  });

  it('is answered at once, too, while a run of every kind is under way', async () => {
    const sweeps = await openSweeps({ url: redis.url, prefix: newPrefix() });
    const makeRun = createRunFixtures();
    const stop = new AbortController();
    const begun: string[] = [];
    const working = sweeps.work(
      async ({ run }, _, signal) => {
        begun.push(run?.runId ?? '');
        if (begun.length <= sweepKinds.length) await once(signal, 'abort');
        return { kind: 'done', summary: {} };
      },
      { signal: stop.signal },
    );
    for (const kind of sweepKinds) await sweeps.add(makeRun({ kind }));
    await sweeps.add(makeRun());
    await waitUntil(
      'it is taken up',
      async () => begun,
      (runs) => runs.length > sweepKinds.length,
    );
    stop.abort();
    await working;
    await sweeps.close();
  });

  it('is told by its metrics where runs fail', async () => {
    const sweeper = await start({}, { address: '127.0.0.1:1' });
    await sweeper.sweeps.refusal('ExpireObjects', { limit: { entries: 1 } });
    await waitUntil(
      'the failed job is counted',
      () => failedJobs(sweeper),
      (failed) => failed === 1,
    );
  });

  it('keeps younger blobs and hands over no more than the settings say where it is not said', async () => {
    const sweeper = await start({
      HOLDFAST_DUTIES__RECLAIM_ORPHANS__AGE_MS_MIN: '48 h',
      HOLDFAST_DUTIES__RECLAIM_ORPHANS__ORPHANS_MAX: '7',
    });
    await sweeper.sweeps.run('ReclaimOrphans');
    const [line] = sweeper.lines.filter(({ audit }) => audit === true);
    assert.deepEqual([line?.['ageMsMin'], line?.['orphansMax']], [48 * 3_600_000, 7]);
  });
});
