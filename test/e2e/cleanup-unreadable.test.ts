import assert from 'node:assert/strict';
import { startCleanupBed, type CleanupBed } from '../support/cleanup-bed.js';
import { fileOf } from '../support/cleanup-blobs.js';
import { damageHeader } from '../support/cleanup-faults.js';
import { openJobs } from '../support/cleanup-jobs.js';
import { onlyLetter } from '../support/cleanup-operators.js';
import { waitForNothing, waitForRemains } from '../support/cleanup-rest.js';
import { givingUpAfter, withSoonOffers } from '../support/cleanup-settings.js';
import { keysOf, usecase, writeLarge } from '../support/cleanup-writes.js';
import { waitUntil } from '../support/cluster-wait.js';
import { KiB } from '../support/loader-payloads.js';
import { requireRedis } from '../support/redis.js';

const size = 8 * KiB;

describe('what cleanup cannot read', function () {
  this.timeout(120_000);
  let bed: CleanupBed;

  before(async function () {
    requireRedis(this);
    bed = await startCleanupBed({ tieredStore: withSoonOffers, worker: givingUpAfter(3) });
  });

  after(() => bed?.close());

  it('if it is a blob, stays, is shown as a dead letter, and goes after its repair', async () => {
    const keys = keysOf('damaged', 10);
    const [damaged] = await writeLarge(bed.callers, keys, size);
    const blob = damaged?.blob ?? '';
    const heal = await damageHeader(await fileOf(bed, blob));
    await writeLarge(bed.callers, keys, size);
    // Its row said how many bytes it has, so they are counted all the same.
    await waitForRemains(bed, {
      changes: 1,
      deadLetters: 1,
      unnamed: [blob],
      orphanBytes: { [usecase]: size },
      unreferencedBytes: { [usecase]: size },
    });
    const { id, reason, blobs, bytes } = await onlyLetter(bed.operators);
    assert.deepEqual([reason, blobs, bytes], ['CHECKSUM_MISMATCH', [blob], 0n]);
    await heal();
    await bed.operators.retry([id]);
    await waitForNothing(bed);
  });

  it('if it is a job, is kept and shown until it is discarded', async () => {
    const jobs = openJobs(bed.redis);
    try {
      await jobs.queue.add('settle-change', { v: 99, what: 'of tomorrow' }, { jobId: 'strange' });
      await waitUntil(
        'it is a dead letter',
        () => bed.operators.deadLetters(),
        ({ length }) => length === 1,
      );
      const { id, reason, subject } = await onlyLetter(bed.operators);
      assert.deepEqual([reason, subject], ['UNKNOWN_JOB', undefined]);
      assert.equal((await bed.operators.discard([id], 'a test')).discarded, 1);
      await waitForNothing(bed);
    } finally {
      await jobs.close();
    }
  });
});
