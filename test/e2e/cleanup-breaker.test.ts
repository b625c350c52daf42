import { cleanup } from '@holdfast/contracts';
import assert from 'node:assert/strict';
import { startCleanupBed, type CleanupBed } from '../support/cleanup-bed.js';
import { breakLongTermTier, type Heal } from '../support/cleanup-faults.js';
import { settleQueue } from '../support/cleanup-operators.js';
import { waitForNothing } from '../support/cleanup-rest.js';
import { givingUpAfter, withSoonOffers } from '../support/cleanup-settings.js';
import { keysOf, usecase, writeLarge } from '../support/cleanup-writes.js';
import { metric } from '../support/cluster-metrics.js';
import { waitUntil } from '../support/cluster-wait.js';
import { KiB } from '../support/loader-payloads.js';
import { requireRedis } from '../support/redis.js';

const size = 8 * KiB;
const count = 60;
const attempts = 3;
/** Times that the breaker finds it as unwell as before. */
const looks = 2 * attempts;
/** Each takes longer: workers give a store a moment to come back. */
const looksForTheStore = 2;

describe('jobs that fail for all of them', function () {
  this.timeout(120_000);
  let bed: CleanupBed;
  let heal: Heal | undefined;

  before(async function () {
    requireRedis(this);
    bed = await startCleanupBed({ tieredStore: withSoonOffers, worker: givingUpAfter(attempts) });
  });

  afterEach(() => heal?.());
  after(() => bed?.close());

  it('are held while the long-term tier is unwell, do not die, and are done afterwards', async () => {
    const keys = keysOf('held', count);
    await writeLarge(bed.callers, keys, size);
    await bed.operators.pause(settleQueue);
    const written = await writeLarge(bed.callers, keys, size);
    heal = await breakLongTermTier(bed);
    await bed.operators.resume(settleQueue);

    await waitUntil('the breaker has opened many times', openings, (times) => times >= looks);
    const held = await waitUntil(
      'the queue says that it is held, and why',
      async () => settleStats(await bed.operators.stats()),
      ({ state }) => state === cleanup.QueueState.HELD,
    );
    assert.match(held.stateReason, /TIER_UNAVAILABLE/);
    assert.equal(held.deadLetters, 0n);
    assert.equal(held.waiting + held.delayed + held.active, BigInt(count));
    assert.deepEqual(await bed.operators.deadLetters(), []);

    await heal();
    await waitForNothing(bed);
    assert.equal(settleStats(await bed.operators.stats()).state, cleanup.QueueState.RUNNING);
    for (const { key, payload } of written) {
      const read = await bed.callers.get({ objectId: { usecase, key } });
      assert.ok(read.payload.equals(payload), key);
    }
  });

  it('are held while no store is there, do not die, and are done afterwards', async () => {
    const keys = keysOf('away', count);
    await writeLarge(bed.callers, keys, size);
    await bed.operators.pause(settleQueue);
    await writeLarge(bed.callers, keys, size);
    await bed.tieredStore.kill();
    const before = await openings();
    await bed.operators.resume(settleQueue);
    await waitUntil(
      'the breaker has opened and looked',
      openings,
      (times) => times >= before + looksForTheStore,
    );
    assert.equal(settleStats(await bed.operators.stats()).deadLetters, 0n);
    await bed.tieredStore.start();
    await waitForNothing(bed);
  });

  function openings(): Promise<number> {
    return metric(bed.worker, 'holdfast_cleanup_breaker_changes_total', { state: 'open' });
  }
});

function settleStats({ queues }: cleanup.GetStatsResponse): cleanup.QueueStats {
  const stats = queues.find(({ queue }) => queue === settleQueue);
  assert.ok(stats !== undefined);
  return stats;
}
