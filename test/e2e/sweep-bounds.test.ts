import { cleanup } from '@holdfast/contracts';
import assert from 'node:assert/strict';
import { waitForNothing } from '../support/cleanup-rest.js';
import { keysOf, usecase } from '../support/cleanup-writes.js';
import { requireRedis } from '../support/redis.js';
import { startSweepBed, type SweepBed } from '../support/sweep-bed.js';
import { writeOrphans } from '../support/sweep-blobs.js';
import type { SweepMethod } from '../support/sweep-client.js';
import { keptEntries, sumOf } from '../support/sweep-counts.js';
import type { LimitMessage, SweepRequestMessage } from '../support/sweep-messages.js';
import { putRows } from '../support/sweep-rows.js';
import { runAll } from '../support/sweep-run-all.js';

const count = 20;
const size = 2_000;
const { ORPHAN_RECLAIM: reclaimQueue } = cleanup.CleanupQueue;
const day = 86_400;

describe('the limit of a sweep', function () {
  this.timeout(120_000);
  let bed: SweepBed;

  before(async function () {
    requireRedis(this);
    bed = await startSweepBed();
  });

  after(() => bed?.close());

  /** What is on the queue stays there, so that no run finds it once more. */
  beforeEach(() => bed.operators.pause(reclaimQueue));

  afterEach(async () => {
    await bed.operators.resume(reclaimQueue);
    await waitForNothing(bed);
  });

  const limits: readonly [string, LimitMessage][] = [
    ['entries', { entries: 8 }],
    ['bytes', { bytes: 8 * size }],
    ['entries where bytes allow more', { entries: 8, bytes: 1_000 * size }],
    ['bytes where entries allow more', { entries: 1_000, bytes: 8 * size }],
  ];
  for (const [what, limit] of limits) {
    it(`in ${what} ends a run, which says so, and the next one goes on there`, async () => {
      await writeOrphans(bed, keysOf('bounded', count), { bytes: size });
      const reports = await runAll(bed.sweeps, 'ReclaimOrphans', limit);
      assert.deepEqual(
        reports.map(({ counts }) => [counts?.removed, counts?.freedBytes]),
        [8, 8, 4].map((removed) => [removed, removed * size]),
      );
      const [first, , last] = reports;
      for (const { limit: shown, state } of reports) {
        assert.deepEqual([shown?.entries, shown?.bytes], [limit.entries, limit.bytes]);
        assert.equal(state, 'SWEEP_STATE_ENDED');
      }
      assert.deepEqual(first?.usecases, [{ usecase, counts: first?.counts }]);
      assert.ok(first?.elapsed !== undefined);
      assert.equal(last?.cursor, undefined);
      assert.deepEqual(await bed.sweeps.report(first.runId), first);
    });
  }

  it('in milliseconds ends a run as well', async () => {
    const rows = keysOf('row', 3_000);
    await putRows(bed.store, rows);
    const duration = { nanos: 5_000_000 };
    const reports = await runAll(bed.sweeps, 'ExpireObjects', { duration });
    assert.ok(reports.length > 1);
    assert.equal(sumOf(reports, 'scanned'), rows.length);
    assert.ok(reports.slice(0, -1).every(({ cursor }) => cursor !== undefined));
  });

  it('is looked at anew where the next run begins from the start, and not moved by a dry one', async () => {
    await writeOrphans(bed, keysOf('again', count), { bytes: size });
    const limit = { entries: 5 };
    const dry = await bed.sweeps.run('ReclaimOrphans', { limit, dryRun: true });
    assert.deepEqual([dry.counts?.removed, dry.truncatedDueToLimit], [5, true]);
    const second = await bed.sweeps.run('ReclaimOrphans', { limit });
    assert.deepEqual(second.counts, dry.counts);
    const fromStart = await bed.sweeps.run('ReclaimOrphans', { fromStart: true });
    assert.deepEqual(
      [fromStart.counts?.scanned, fromStart.counts?.removed, keptEntries(fromStart, 'OWNED')],
      [count, count - 5, 5],
    );
  });

  const methods: readonly SweepMethod[] = [
    'RecoverChanges',
    'ReclaimOrphans',
    'ExpireObjects',
    'VerifyObjects',
  ];
  const wrong: readonly [SweepRequestMessage, field: string][] = [
    [{}, 'limit'],
    [{ limit: {} }, 'limit'],
    [{ limit: { entries: 0 } }, 'limit.entries'],
    [{ limit: { entries: 100_000_001 } }, 'limit.entries'],
    [{ limit: { entries: 5, bytes: 0 } }, 'limit.bytes'],
    [{ limit: { bytes: 2 ** 50 + 1 } }, 'limit.bytes'],
    [{ limit: { duration: {} } }, 'limit.duration'],
    [{ limit: { duration: { seconds: -1 } } }, 'limit.duration'],
    [{ limit: { duration: { seconds: day, nanos: 1_000_000 } } }, 'limit.duration'],
  ];
  for (const method of methods) {
    it(`that ${method} cannot keep is refused by its field, and nothing runs`, async () => {
      const before = await bed.sweeps.reports();
      for (const [request, field] of wrong) await assertRefused(method, request, field);
      assert.deepEqual(await bed.sweeps.reports(), before);
    });
  }

  it('and the other terms of a run are refused by their fields', async () => {
    const limit = { entries: 1 };
    await assertRefused('ReclaimOrphans', { limit, orphansLimit: 0 }, 'orphans_limit');
    await assertRefused('ReclaimOrphans', { limit, minAge: { seconds: -1 } }, 'min_age');
  });

  async function assertRefused(
    method: SweepMethod,
    request: SweepRequestMessage,
    field: string,
  ): Promise<void> {
    const { code, reason, fields } = await bed.sweeps.refusal(method, request);
    const told = JSON.stringify(request);
    assert.deepEqual([code, reason, fields], ['INVALID_ARGUMENT', 'INVALID_LIMIT', [field]], told);
  }
});
