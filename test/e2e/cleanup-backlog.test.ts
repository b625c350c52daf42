import assert from 'node:assert/strict';
import { createCleanupBed, type CleanupBed } from '../support/cleanup-bed.js';
import { recordChanges } from '../support/cleanup-changes.js';
import { jobsEnded } from '../support/cleanup-counts.js';
import { openJobs } from '../support/cleanup-jobs.js';
import { peakMemory } from '../support/cleanup-memory.js';
import { offerJobs, settledChanges } from '../support/cleanup-offers.js';
import { waitForNothing } from '../support/cleanup-rest.js';
import { hastyWorker } from '../support/cleanup-settings.js';
import { keysOf, writeLarge } from '../support/cleanup-writes.js';
import { withoutReaderGrace } from '../support/cluster-settings.js';
import { waitUntil } from '../support/cluster-wait.js';
import { KiB, MiB } from '../support/loader-payloads.js';
import { requireRedis } from '../support/redis.js';

/** Changes on the log whose writers are gone, those of objects that were replaced, and of the past. */
const abandoned = 20_000;
const replaced = 100;
const settled = 80_000;
const count = abandoned + replaced + settled;
const size = 8 * KiB;
const idleKeys = keysOf('idle', 5);

const offeringSoon = { HOLDFAST_MAINTENANCE__RECOVER_EVERY_MS: '5000' };

/** What so many jobs may take of each process, beyond what it takes that has had a few. */
const bytesMax = 192 * MiB;
const queueMsMax = 120_000;
const drainMsMax = 240_000;

describe('very many jobs that wait while no worker runs', function () {
  this.timeout(360_000);
  let bed: CleanupBed;

  before(async function () {
    requireRedis(this);
    bed = await createCleanupBed({ tieredStore: withoutReaderGrace, worker: hastyWorker });
  });

  after(() => bed?.close());

  it('take bounded memory of everybody, and are all done once one does', async () => {
    const idle = await runIdle(bed);
    const jobs = openJobs(bed.redis);
    try {
      await recordChanges(bed, abandoned);
      await bed.tieredStore.start(offeringSoon);
      const keys = keysOf('replaced', replaced);
      await writeLarge(bed.store, keys, size);
      await writeLarge(bed.store, keys, size);
      await offerJobs(bed, settledChanges(settled));
      await waitUntil(
        `${count} jobs wait`,
        () => jobs.counts(),
        ({ waiting, delayed }) => waiting + delayed === count,
        queueMsMax,
      );
      assertBounded(idle, await memoryOf(bed));

      await bed.worker.start();
      await waitUntil(
        'none is left',
        () => jobs.counts(),
        ({ waiting, delayed, active }) => waiting + delayed + active === 0,
        drainMsMax,
      );
      await waitForNothing(bed);
      assert.ok((await jobsEnded(bed.worker, 'done')) >= count);
      assertBounded(idle, await memoryOf(bed));
    } finally {
      await jobs.close();
    }
  });
});

interface Memory {
  readonly store: number;
  readonly worker: number;
  readonly redis: number;
}

/** What everybody takes who has had a little to do. */
async function runIdle(bed: CleanupBed): Promise<Memory> {
  await bed.tieredStore.start();
  await bed.worker.start();
  await writeLarge(bed.store, idleKeys, size);
  await writeLarge(bed.store, idleKeys, size);
  await waitForNothing(bed);
  const memory = await memoryOf(bed);
  await bed.worker.terminate();
  await bed.tieredStore.terminate();
  return memory;
}

async function memoryOf({ tieredStore, worker, redis }: CleanupBed): Promise<Memory> {
  return {
    store: await peakMemory(tieredStore.pid()),
    worker: worker.isRunning() ? await peakMemory(worker.pid()) : 0,
    redis: await peakMemory(redis.pid()),
  };
}

function assertBounded(idle: Memory, now: Memory): void {
  for (const part of ['store', 'worker', 'redis'] as const) {
    assert.ok(now[part] - idle[part] < bytesMax, JSON.stringify({ idle, now }));
  }
}
