import assert from 'node:assert/strict';
import { fileOf } from '../support/cleanup-blobs.js';
import { openJobs } from '../support/cleanup-jobs.js';
import { waitForNothing } from '../support/cleanup-rest.js';
import { keysOf, usecase, writeLarge } from '../support/cleanup-writes.js';
import { waitUntil } from '../support/cluster-wait.js';
import { chunksOf, finishOf, randomPayload } from '../support/loader-payloads.js';
import { requireRedis } from '../support/redis.js';
import { startSweepBed, type SweepBed } from '../support/sweep-bed.js';
import { copyIn, flipPayloadByte } from '../support/sweep-blobs.js';
import { eagerSweeper } from '../support/sweep-settings.js';

const size = 5_000;

describe('sweepers that nobody asks', function () {
  this.timeout(120_000);
  let bed: SweepBed;

  before(async function () {
    requireRedis(this);
    bed = await startSweepBed({
      sweeper: eagerSweeper,
      sweeperCount: 2,
      tieredStore: { HOLDFAST_ENGINE__CHANGE_DEADLINE_MS: '1000' },
    });
  });

  after(() => bed?.close());

  it('find orphans, what has expired and what is damaged', async () => {
    await copyIn(bed, 'orphan', { ageMs: 1_000 });
    const payload = randomPayload(size);
    const metadata = { expiration: { ttl: { seconds: 1 } } };
    const objectId = { usecase, key: 'expiring' };
    await bed.callers.put({ objectId, metadata }, chunksOf(payload), finishOf(payload));
    const [damaged] = await writeLarge(bed.callers, ['damaged'], size);
    await flipPayloadByte(await fileOf(bed, damaged?.blob ?? ''));
    await waitForNothing(bed);
    await waitUntil(
      'the damage is reported',
      () => bed.sweeps.reports(100),
      (reports) =>
        reports.some(({ damage = [] }) => damage.some(({ blob }) => blob === damaged?.blob)),
    );
  });

  it('find forgotten changes after everything about them was lost, their schedules too', async () => {
    const keys = keysOf('forgotten', 5);
    await writeLarge(bed.store, keys, size);
    await bed.worker.kill();
    await writeLarge(bed.store, keys, size);
    const jobs = openJobs(bed.redis);
    await waitUntil(
      'they are queued',
      () => jobs.counts(),
      ({ waiting, delayed }) => waiting + delayed === keys.length,
    );
    await jobs.close();
    // Where Redis is there again, schedules are looked after at once and not within a minute.
    await bed.redis.flush();
    await bed.redis.kill();
    await bed.redis.start();
    await bed.worker.start();
    await waitForNothing(bed);
    assert.ok((await bed.sweeps.reports(100)).length > 0);
  });
});
