import assert from 'node:assert/strict';
import { startCleanupBed, type CleanupBed } from '../support/cleanup-bed.js';
import { moreWrites } from '../support/cleanup-load.js';
import { waitForNothing } from '../support/cleanup-rest.js';
import { hastyWorker, withSoonOffers } from '../support/cleanup-settings.js';
import { startLoad } from '../support/cluster-load.js';
import { MiB } from '../support/loader-payloads.js';
import { requireRedis } from '../support/redis.js';

const rounds = 1;
const writesBetween = 25;

describe('everything that has to do with cleanup, killed under load', function () {
  this.timeout(120_000);
  let bed: CleanupBed;

  before(async function () {
    requireRedis(this);
    bed = await startCleanupBed({
      thresholdBytes: MiB,
      tieredStore: withSoonOffers,
      worker: hastyWorker,
    });
  });

  after(() => bed?.close());

  it('leaves nothing behind once it runs again', async () => {
    const load = startLoad(bed.callers, { writers: 4, keysPerWriter: 6 });
    try {
      for (let round = 0; round < rounds; round += 1) {
        for (const part of [bed.worker, bed.redis, bed.tieredStore]) {
          await moreWrites(load, writesBetween);
          await part.kill();
          await part.start();
        }
      }
      await moreWrites(load, writesBetween);
      await Promise.all([bed.worker, bed.redis, bed.tieredStore].map((part) => part.kill()));
    } finally {
      await load.stop();
    }
    // Callers saw what the contract tells them to expect.
    const codes = new Set(load.failures.map(({ code }) => code));
    assert.ok(
      [...codes].every((code) => code === 'UNAVAILABLE' || code === 'ABORTED'),
      JSON.stringify(load.failures.slice(0, 10)),
    );
    await bed.ageBrokenUploads();
    for (const part of [bed.redis, bed.tieredStore, bed.worker]) await part.start();
    await load.verify(bed.callers);
    await waitForNothing(bed);
    await load.verify(bed.callers);
  });
});
