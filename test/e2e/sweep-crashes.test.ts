import assert from 'node:assert/strict';
import { moreWrites } from '../support/cleanup-load.js';
import { waitForNothing } from '../support/cleanup-rest.js';
import { startLoad } from '../support/cluster-load.js';
import { requireRedis } from '../support/redis.js';
import { startAll, startSweepBed, type SweepBed } from '../support/sweep-bed.js';
import { copyIn } from '../support/sweep-blobs.js';
import { waitUntilDue } from '../support/sweep-due.js';
import { crashPoints, holdPuts } from '../support/sweep-crash-points.js';
import { writeLarge } from '../support/cleanup-writes.js';
import type { SweepMethod } from '../support/sweep-client.js';

const rounds = 3;
const writesBetween = 15;
const bytes = 5_000;
const noAge = { minAge: {} };
const methods: readonly SweepMethod[] = [
  'RecoverChanges',
  'ReclaimOrphans',
  'ExpireObjects',
  'VerifyObjects',
];

describe('sweeps under load', function () {
  this.timeout(120_000);
  let bed: SweepBed;

  before(async function () {
    requireRedis(this);
    bed = await startSweepBed();
  });

  after(() => bed?.close());

  it('of all kinds disturb nobody, and take nothing that is in use', async () => {
    const load = startLoad(bed.callers, { writers: 4, keysPerWriter: 8 });
    try {
      for (let round = 0; round < rounds; round += 1) {
        const reports = await Promise.all([moreWrites(load, writesBetween), ...methods.map(run)]);
        assert.ok(reports.every((report) => report?.damaged === undefined));
      }
    } finally {
      await load.stop();
    }
    assert.deepEqual(load.failures, []);
    await load.verify(bed.callers);
    await waitForNothing(bed);
  });

  it('find everything that a mixture of crashes has left, and nothing else', async () => {
    await bed.tieredStore.terminate();
    await bed.tieredStore.start({ HOLDFAST_ENGINE__CHANGE_DEADLINE_MS: '3000' });
    await writeLarge(bed.store, crashPoints, bytes);
    const load = startLoad(bed.callers, { writers: 4, keysPerWriter: 6 });
    try {
      for (const parts of [[bed.worker, bed.sweeper], [bed.redis], [bed.tieredStore]]) {
        await moreWrites(load, writesBetween);
        await Promise.all(parts.map((part) => part.kill()));
        await Promise.all(parts.map((part) => part.start()));
      }
      await bed.redis.flush();
      await moreWrites(load, writesBetween);
      const parts = [bed.worker, bed.redis, bed.tieredStore, bed.sweeper];
      await Promise.all(parts.map((part) => part.kill()));
    } finally {
      await load.stop();
    }
    const puts = await holdPuts(bed, crashPoints, { deadlineMs: 1, bytes });
    await puts.kill();
    await copyIn(bed, 'copied');
    await bed.ageBrokenUploads();
    await bed.redis.start();
    await bed.tieredStore.start();
    await waitUntilDue(bed.store);
    // What the store has offered when it started is lost, too.
    await bed.redis.flush();
    await startAll(bed);

    await run('RecoverChanges');
    await run('ReclaimOrphans');
    await run('ExpireObjects');
    await waitForNothing(bed);
    await load.verify(bed.callers);
    assert.equal((await run('VerifyObjects')).damaged, undefined);
  });

  function run(method: SweepMethod) {
    return bed.sweeps.run(method, method === 'ReclaimOrphans' ? noAge : {});
  }
});
