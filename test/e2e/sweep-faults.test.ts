import assert from 'node:assert/strict';
import { waitForNothing } from '../support/cleanup-rest.js';
import { holdStill } from '../support/cleanup-standstill.js';
import { keysOf } from '../support/cleanup-writes.js';
import type { Settings } from '../support/cluster-service.js';
import { waitUntil } from '../support/cluster-wait.js';
import { requireRedis } from '../support/redis.js';
import { createSweepBed, startAll, type SweepBed } from '../support/sweep-bed.js';
import { copyIn } from '../support/sweep-blobs.js';
import { fullLimit } from '../support/sweep-client.js';
import { putRows } from '../support/sweep-rows.js';
import { aheadBy, inTime, slowSweeper } from '../support/sweep-settings.js';

const rows = 3_000;
const runMsMax = 120_000;
const minuteMs = 60_000;
const request = { limit: fullLimit };

describe('a sweeper whose surroundings fail', function () {
  this.timeout(180_000);
  let bed: SweepBed;

  before(async function () {
    requireRedis(this);
    bed = await createSweepBed({ sweeper: slowSweeper });
  });

  after(() => bed?.close());

  it('starts without Redis, and works when that is there', async () => {
    await bed.redis.kill();
    const started = startAll(bed);
    await waitUntil(
      'it runs and is not ready',
      () => statusesOf(bed),
      ([healthz, readyz]) => healthz === 200 && readyz === 503,
    );
    const { code, reason } = await bed.sweeps.refusal('ExpireObjects', request);
    assert.deepEqual([code, reason], ['UNAVAILABLE', 'QUEUE_UNAVAILABLE']);
    await bed.redis.start();
    await started;
    await putRows(bed.store, keysOf('row', rows));
    assert.equal((await bed.sweeps.run('ExpireObjects')).counts?.scanned, rows);
  });

  it('goes on with a run when a Redis is back that was killed', async () => {
    const run = await bed.sweeps.start('ExpireObjects');
    await bed.redis.kill();
    await waitUntil(
      'it is not ready',
      () => statusesOf(bed),
      ([, readyz]) => readyz === 503,
    );
    await bed.redis.start();
    const { state } = await waitUntil(
      'the run has ended',
      () => bed.sweeps.report(run.runId),
      (report) => report.state !== 'SWEEP_STATE_RUNNING',
      runMsMax,
    );
    assert.equal(state, 'SWEEP_STATE_ENDED');
    assert.equal((await bed.sweeps.run('ExpireObjects')).counts?.scanned, rows);
  });

  it('reports a run as failed whose store went away, and the next run goes on', async () => {
    const goOn = await holdStill(bed.tieredStore);
    const run = await bed.sweeps.start('VerifyObjects');
    goOn();
    await bed.tieredStore.kill();
    const { report, failure } = await run.end;
    assert.equal(failure?.code, 'UNAVAILABLE');
    assert.equal(report?.state, 'SWEEP_STATE_FAILED');
    assert.ok((report.error?.message ?? '').length > 0);
    assert.equal((await bed.sweeps.report(run.runId)).state, 'SWEEP_STATE_FAILED');
    await bed.tieredStore.start();
    await reachStore(bed);
    const again = await bed.sweeps.run('VerifyObjects');
    assert.equal(again.state, 'SWEEP_STATE_ENDED');
    assert.equal((report.counts?.scanned ?? 0) + (again.counts?.scanned ?? 0), rows);
  });

  it('reclaims nothing while its clock and that of the store are too far apart', async () => {
    const orphan = await copyIn(bed, 'early');
    await restartStore(bed, aheadBy(10 * minuteMs));
    const { code, reason, info } = await bed.sweeps.refusal('ReclaimOrphans', request);
    assert.deepEqual([code, reason], ['FAILED_PRECONDITION', 'CLOCK_SKEWED'], JSON.stringify(info));
    assert.ok(bed.sweeper.lines.some((line) => /clock/i.test(line)));
    await restartStore(bed, aheadBy(4 * minuteMs));
    const report = await bed.sweeps.run('ReclaimOrphans');
    assert.deepEqual([report.counts?.removed, report.counts?.freedBytes], [1, orphan.bytes]);
    await restartStore(bed, inTime);
    await waitForNothing(bed);
  });
});

async function statusesOf({ sweeper: { httpUrl } }: SweepBed): Promise<readonly number[]> {
  const answers = await Promise.all(
    ['healthz', 'readyz'].map((path) => fetch(`${httpUrl}/${path}`)),
  );
  return answers.map(({ status }) => status);
}

async function restartStore(bed: SweepBed, changes: Settings): Promise<void> {
  await bed.tieredStore.terminate();
  await bed.tieredStore.start(changes);
  await reachStore(bed);
}

/** A sweeper finds a store again that was away, though not at once. */
async function reachStore({ sweeps }: SweepBed): Promise<void> {
  await waitUntil(
    'the sweeper reaches the store',
    () => sweeps.run('RecoverChanges'),
    ({ state }) => state === 'SWEEP_STATE_ENDED',
  );
}
