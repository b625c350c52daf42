import assert from 'node:assert/strict';
import { peakMemory } from '../support/cleanup-memory.js';
import { jobsEnded } from '../support/cleanup-counts.js';
import { waitUntil } from '../support/cluster-wait.js';
import { MiB } from '../support/loader-payloads.js';
import { requireRedis } from '../support/redis.js';
import { createSweepBed, startAll, type SweepBed } from '../support/sweep-bed.js';
import type { SweepMethod } from '../support/sweep-client.js';
import { keptEntries, sumOf } from '../support/sweep-counts.js';
import type { ReportMessage } from '../support/sweep-messages.js';
import { runAll } from '../support/sweep-run-all.js';
import { stock, type Stock } from '../support/sweep-stock.js';

/** HOLDFAST_SOAK=1 sweeps 1,000,000 rows and 200,000 blobs, which takes a quarter of an hour. */
const isSoak = process.env['HOLDFAST_SOAK'] === '1';
const times = isSoak ? 500 : 1;
const rows = isSoak ? 1_000_000 : 2_000;
const blobs = isSoak ? 200_000 : 500;

/** Fewer orphans than one run may find: at that limit a run would end, and its last page be looked at again. */
const orphans = (blobs * 2) / 5;
const large = blobs - orphans;
const amounts: Stock = {
  large,
  orphans,
  expired: rows / 10,
  inline: rows - rows / 10 - large,
};
/** A run ends there, so it takes several of them. */
const entriesPerRun = rows / 5;
const memoryGrowthMax = 64 * MiB;
const secondsMax = 120 + 2 * times;

describe(`a store with ${rows} rows and ${blobs} blobs`, function () {
  this.timeout(secondsMax * 1_000);
  let bed: SweepBed;

  before(async function () {
    requireRedis(this);
    bed = await createSweepBed({ runMsMax: secondsMax * 1_000 });
    await stock(bed, amounts);
    await startAll(bed);
  });

  after(() => bed?.close());

  async function sweepAll(method: SweepMethod): Promise<readonly ReportMessage[]> {
    const reports = await runAll(bed.sweeps, method, { entries: entriesPerRun });
    assert.ok(reports.every(({ counts }) => (counts?.scanned ?? 0) <= entriesPerRun));
    return reports;
  }

  it('is swept completely, in bounded steps and bounded memory', async () => {
    await bed.sweeps.run('VerifyObjects', { limit: { entries: entriesPerRun / 10 } });
    const memoryBefore = await peakMemory(bed.sweeper.pid());

    const expired = await sweepAll('ExpireObjects');
    assert.ok(expired.length >= rows / entriesPerRun);
    assert.deepEqual(
      [sumOf(expired, 'scanned'), sumOf(expired, 'removed')],
      [rows, amounts.expired],
    );

    const reclaimed = await sweepAll('ReclaimOrphans');
    assert.deepEqual(
      [sumOf(reclaimed, 'scanned'), sumOf(reclaimed, 'removed')],
      [blobs, amounts.orphans],
    );
    await waitUntil(
      'the orphans are gone',
      () => jobsEnded(bed.worker, 'done'),
      (done) => done === amounts.orphans,
      secondsMax * 1_000,
    );
    assert.equal((await bed.payloads()).length, amounts.large);

    const left = await sweepAll('ReclaimOrphans');
    const live = left.map((report) => keptEntries(report, 'LIVE'));
    assert.equal(
      live.reduce((sum, count) => sum + count, 0),
      amounts.large,
    );
    assert.equal(sumOf(left, 'removed'), 0);

    const verified = await sweepAll('VerifyObjects');
    assert.ok(
      verified.every(({ damaged, undecided }) => damaged === undefined && undecided === undefined),
    );
    const memoryAfter = await peakMemory(bed.sweeper.pid());
    assert.ok(memoryAfter - memoryBefore < memoryGrowthMax, `${memoryBefore} to ${memoryAfter}`);
  });
});
