import assert from 'node:assert/strict';
import { createCleanupBed, startCleanupBed, type CleanupBed } from '../support/cleanup-bed.js';
import { openJobs } from '../support/cleanup-jobs.js';
import { settleQueue } from '../support/cleanup-operators.js';
import { recordChanges } from '../support/cleanup-changes.js';
import { jobsEnded } from '../support/cleanup-counts.js';
import { offerJobs, reclaimOf } from '../support/cleanup-offers.js';
import { remainsOf, waitForNothing, waitForRemains } from '../support/cleanup-rest.js';
import { hastyWorker } from '../support/cleanup-settings.js';
import { keysOf, remove, usecase, writeLarge } from '../support/cleanup-writes.js';
import { withoutReaderGrace } from '../support/cluster-settings.js';
import { waitUntil } from '../support/cluster-wait.js';
import { KiB } from '../support/loader-payloads.js';
import { requireRedis } from '../support/redis.js';

const objects = 40;
const size = 8 * KiB;

describe('cleanup through the queue', function () {
  this.timeout(120_000);
  let bed: CleanupBed;

  before(async function () {
    requireRedis(this);
    bed = await startCleanupBed({ tieredStore: withoutReaderGrace, worker: hastyWorker });
  });

  after(() => bed?.close());

  it('removes what was overwritten and deleted, and nothing that a row names', async () => {
    const keys = keysOf('many', objects);
    const doneBefore = await jobsEnded(bed.worker, 'done');
    await writeLarge(bed.callers, keys, size);
    const written = await writeLarge(bed.callers, keys, size);
    const [half, rest] = [written.slice(0, objects / 2), written.slice(objects / 2)];
    const deleted = half.map(({ key }) => key);
    await remove(bed.callers, deleted);
    await waitForNothing(bed);

    const names = (await bed.payloads()).map(({ name }) => name ?? 'of no blob');
    assert.deepEqual(names.toSorted(), rest.map(({ blob }) => blob).toSorted());
    assert.equal((await jobsEnded(bed.worker, 'done')) - doneBefore, objects + deleted.length);
    for (const { key, payload } of rest) {
      const read = await bed.callers.get({ objectId: { usecase, key } });
      assert.ok(read.payload.equals(payload), key);
    }
  });

  it('removes a large payload that a small one has replaced', async () => {
    const keys = keysOf('shrunk', 1);
    await writeLarge(bed.callers, keys, size);
    const doneBefore = await jobsEnded(bed.worker, 'done');
    await writeLarge(bed.callers, keys, 10);
    await waitForNothing(bed);
    assert.equal((await jobsEnded(bed.worker, 'done')) - doneBefore, 1);
  });

  it('keeps a blob that a row names, whoever wants it reclaimed', async () => {
    const written = await writeLarge(bed.callers, keysOf('wanted', 3), size);
    const doneBefore = await jobsEnded(bed.worker, 'done');
    await offerJobs(
      bed,
      written.map(({ blob }) => reclaimOf(blob)),
    );
    await waitUntil(
      'they have been looked at',
      () => jobsEnded(bed.worker, 'done'),
      (done) => done === doneBefore + written.length,
    );
    await waitForNothing(bed);
    for (const { key, payload } of written) {
      const read = await bed.callers.get({ objectId: { usecase, key } });
      assert.ok(read.payload.equals(payload), key);
    }
  });

  it('counts what waits to be freed, and counts it no more when it is gone', async () => {
    const keys = keysOf('counted', 3);
    await writeLarge(bed.callers, keys, size);
    await bed.operators.pause(settleQueue);
    try {
      const before = await writeLarge(bed.callers, keys, size).then(() => remainsOf(bed));
      assert.equal(before.unnamed.length, 3);
      await waitForRemains(bed, {
        changes: 3,
        jobs: 3,
        unnamed: before.unnamed,
        unreferencedBytes: { [usecase]: 3 * size },
        orphanBytes: { [usecase]: 3 * size },
      });
    } finally {
      await bed.operators.resume(settleQueue);
    }
    await waitForNothing(bed);
  });
});

describe('changes that a store finds on its log when it starts', function () {
  this.timeout(120_000);
  let bed: CleanupBed;

  before(async function () {
    requireRedis(this);
    bed = await createCleanupBed({ tieredStore: withoutReaderGrace, worker: hastyWorker });
  });

  after(() => bed?.close());

  it('are queued at once', async () => {
    const count = 100;
    await recordChanges(bed, count);
    // Its next look is too late for this test.
    await bed.tieredStore.start({ HOLDFAST_MAINTENANCE__RECOVER_EVERY_MS: '3600000' });
    await bed.worker.start();
    await waitForNothing(bed);
    assert.equal(await jobsEnded(bed.worker, 'done'), count);
  });
});

describe('a replaced blob that may still be read', function () {
  this.timeout(120_000);
  let bed: CleanupBed;

  before(async function () {
    requireRedis(this);
    const longGrace = { HOLDFAST_ENGINE__READER_GRACE_MS: '600000' };
    bed = await startCleanupBed({ tieredStore: longGrace, worker: hastyWorker });
  });

  after(() => bed?.close());

  it('stays for the grace of its readers, whatever is restarted and however early its job runs', async () => {
    const jobs = openJobs(bed.redis);
    try {
      const keys = keysOf('read', 1);
      const [old] = await writeLarge(bed.callers, keys, size);
      await writeLarge(bed.callers, keys, size);
      const waiting = {
        changes: 1,
        jobs: 1,
        unnamed: [old?.blob ?? ''],
        unreferencedBytes: { [usecase]: size },
        orphanBytes: { [usecase]: size },
      };
      await waitForRemains(bed, waiting);
      assert.equal((await jobs.counts()).delayed, 1);

      assert.equal((await bed.tieredStore.terminate()).code, 0);
      assert.equal((await bed.worker.terminate()).code, 0);
      await bed.tieredStore.start();
      await bed.worker.start();
      await waitForRemains(bed, waiting);

      // Somebody has the job run before its time.
      const [job] = await jobs.queue.getDelayed();
      await job?.promote();
      await waitUntil(
        'the job has run and waits again',
        async () => [await jobsEnded(bed.worker, 'again'), (await jobs.counts()).delayed],
        ([ran = 0, delayed]) => ran > 0 && delayed === 1,
      );
      await waitForRemains(bed, waiting);

      // Its time comes.
      await settleAtOnce(bed);
      const [again] = await jobs.queue.getDelayed();
      await again?.promote();
      await waitForNothing(bed);
    } finally {
      await jobs.close();
    }
  });
});

async function settleAtOnce({ store }: CleanupBed): Promise<void> {
  const { changes = [] } = await store.unary<{
    readonly changes?: readonly { readonly changeId: string }[];
  }>(['maintenance', 'ListChanges'], {});
  const changeIds = changes.map(({ changeId }) => changeId);
  await store.unary(['maintenance', 'SettleChange'], { changeIds, ignoreReaders: true });
}
