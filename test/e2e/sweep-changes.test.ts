import assert from 'node:assert/strict';
import { fileOf } from '../support/cleanup-blobs.js';
import { damageHeader } from '../support/cleanup-faults.js';
import { onlyLetter, settleQueue } from '../support/cleanup-operators.js';
import { waitForNothing, waitForRemains } from '../support/cleanup-rest.js';
import { givingUpAfter } from '../support/cleanup-settings.js';
import { keysOf, usecase, writeLarge } from '../support/cleanup-writes.js';
import { requireRedis } from '../support/redis.js';
import { startSweepBed, type SweepBed } from '../support/sweep-bed.js';
import { waitUntilDue } from '../support/sweep-due.js';
import { keptEntries } from '../support/sweep-counts.js';

const size = 5_000;

describe('a sweep for forgotten changes', function () {
  this.timeout(120_000);
  let bed: SweepBed;

  before(async function () {
    requireRedis(this);
    bed = await startSweepBed({
      worker: givingUpAfter(2),
      tieredStore: { HOLDFAST_ENGINE__CHANGE_DEADLINE_MS: '1000' },
    });
  });

  after(() => bed?.close());

  afterEach(() => bed.operators.resume(settleQueue));

  it('brings back the jobs that a flushed Redis has lost, and no others', async () => {
    const keys = keysOf('lost', 12);
    await writeLarge(bed.store, keys, size);
    await bed.operators.pause(settleQueue);
    const written = await writeLarge(bed.store, keys, size);
    await waitUntilDue(bed.store);
    const cared = await bed.sweeps.run('RecoverChanges');
    assert.deepEqual(
      [cared.counts?.scanned, cared.counts?.removed, keptEntries(cared, 'OWNED')],
      [keys.length, undefined, keys.length],
    );
    // That the queue is paused is lost as well.
    await bed.redis.flush();
    const dry = await bed.sweeps.run('RecoverChanges', { dryRun: true });
    const report = await bed.sweeps.run('RecoverChanges');
    assert.deepEqual([report.counts?.scanned, report.counts?.removed], [keys.length, keys.length]);
    assert.deepEqual([dry.counts, dry.usecases], [report.counts, report.usecases]);
    await waitForNothing(bed);
    for (const { key, payload } of written) {
      const read = await bed.callers.get({ objectId: { usecase, key } });
      assert.ok(read.payload.equals(payload), key);
    }
  });

  it('restores a dead letter that a flushed Redis has lost, and leaves the others alone', async () => {
    const [key = ''] = keysOf('letter', 1);
    const [old] = await writeLarge(bed.store, [key], size);
    const blob = old?.blob ?? '';
    const heal = await damageHeader(await fileOf(bed, blob));
    await writeLarge(bed.store, [key], size);
    const stuck = {
      changes: 1,
      deadLetters: 1,
      unnamed: [blob],
      orphanBytes: { [usecase]: size },
      unreferencedBytes: { [usecase]: size },
    };
    await waitForRemains(bed, stuck);
    const { id } = await onlyLetter(bed.operators);
    await waitUntilDue(bed.store);
    const cared = await bed.sweeps.run('RecoverChanges');
    assert.deepEqual([cared.counts?.removed, keptEntries(cared, 'OWNED')], [undefined, 1]);

    await bed.redis.flush();
    await waitForRemains(bed, { ...stuck, deadLetters: 0 });
    assert.equal((await bed.sweeps.run('RecoverChanges')).counts?.removed, 1);
    await waitForRemains(bed, stuck);
    assert.equal((await onlyLetter(bed.operators)).id, id);
    await heal();
    await bed.operators.retry([id]);
    await waitForNothing(bed);
  });
});
