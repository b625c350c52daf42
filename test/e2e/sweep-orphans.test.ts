import assert from 'node:assert/strict';
import { readFile, rm } from 'node:fs/promises';
import { waitForNothing, waitForRemains } from '../support/cleanup-rest.js';
import { keysOf, remove, usecase, writeLarge } from '../support/cleanup-writes.js';
import { waitUntil } from '../support/cluster-wait.js';
import { requireRedis } from '../support/redis.js';
import { startSweepBed, type SweepBed } from '../support/sweep-bed.js';
import { addForeignFile, copyIn, makeUnknown, writeOrphans } from '../support/sweep-blobs.js';
import { keptEntries } from '../support/sweep-counts.js';
import { settleEverything } from '../support/sweep-due.js';
import { crashingPayload, crashPoints, holdPuts } from '../support/sweep-crash-points.js';

const bytes = 5_000;
const hourMs = 3_600_000;
/** Of any age. */
const noAge = { minAge: {} };

describe('a sweep for orphans', function () {
  this.timeout(120_000);
  let bed: SweepBed;

  before(async function () {
    requireRedis(this);
    bed = await startSweepBed();
  });

  after(() => bed?.close());

  /** A test that has failed leaves nothing that the next one would stumble over. */
  afterEach(() => settleEverything(bed.store));

  it('leaves the blobs of uploads alone that are under way, which then commit', async () => {
    await writeLarge(bed.store, crashPoints, bytes);
    // Their own changes leave the log behind the answers.
    await waitForNothing(bed);
    const puts = await holdPuts(bed, crashPoints, { deadlineMs: hourMs, bytes });
    try {
      const orphans = await bed.sweeps.run('ReclaimOrphans', noAge);
      const changes = await bed.sweeps.run('RecoverChanges');
      assert.equal(orphans.counts?.removed, undefined);
      assert.equal(changes.counts?.removed, undefined);
      // Of `after-create` the new blob, of `after-commit` both.
      assert.equal(keptEntries(orphans, 'OWNED'), 3);
      assert.equal(keptEntries(orphans, 'LIVE'), crashPoints.length - 1);
      await puts.proceed();
    } finally {
      await puts.kill();
    }
    await assertHolds(bed, crashPoints);
    await settleEverything(bed.store);
    await removeAll(bed, crashPoints);
  });

  it('and for forgotten changes finds what a put leaves, wherever it dies', async () => {
    const old = await writeLarge(bed.store, crashPoints, bytes);
    await waitForNothing(bed);
    const puts = await holdPuts(bed, crashPoints, { deadlineMs: 1, bytes });
    await puts.kill();
    const changes = await bed.sweeps.run('RecoverChanges');
    // All but the one that died before its change was on the log.
    assert.equal(changes.counts?.removed, crashPoints.length - 1);
    const orphans = await bed.sweeps.run('ReclaimOrphans', noAge);
    assert.equal(orphans.undecided, undefined);
    await forgetBrokenUploads(bed);
    await waitForNothing(bed);
    await assertHolds(bed, ['after-commit']);
    for (const { key, payload } of old.filter((each) => each.key !== 'after-commit')) {
      const read = await bed.callers.get({ objectId: { usecase, key } });
      assert.ok(read.payload.equals(payload), key);
    }
    await removeAll(bed, crashPoints);
  });

  it('finds a blob that came when its change was settled already, once it is old enough', async () => {
    const late = 'before-create+after-create';
    await writeLarge(bed.store, [late], bytes);
    const puts = await holdPuts(bed, [late], { deadlineMs: hourMs, bytes });
    await settleEverything(bed.store);
    await puts.proceed();
    await puts.kill();

    const young = await bed.sweeps.run('ReclaimOrphans');
    assert.deepEqual([young.counts?.removed, keptEntries(young, 'YOUNG')], [undefined, 2]);
    const report = await bed.sweeps.run('ReclaimOrphans', noAge);
    assert.deepEqual([report.counts?.removed, report.counts?.freedBytes], [1, bytes]);
    await waitForNothing(bed);
    await removeAll(bed, [late]);
  });

  it('finds a blob that was copied in by hand under our naming', async () => {
    const { name, bytes: copied } = await copyIn(bed, 'copied');
    await waitForRemains(bed, { unnamed: [name], unreferencedBytes: { [usecase]: copied } });
    const { counts } = await bed.sweeps.run('ReclaimOrphans');
    assert.deepEqual([counts?.removed, counts?.freedBytes], [1, copied]);
    await waitForNothing(bed);
  });

  it('keeps what is not ours and what it does not know, and tells of them', async () => {
    const foreign = await addForeignFile(bed, 'not ours');
    const unknown = await copyIn(bed, 'unknown');
    await makeUnknown(unknown);
    const before = await contentsOf([foreign, unknown.file]);
    const report = await bed.sweeps.run('ReclaimOrphans', noAge);
    assert.deepEqual([report.undecided, keptEntries(report, 'UNDECIDED')], [2, 2]);
    const reasons = (report.undecidedEntries ?? []).map(({ where, why }) => `${where}: ${why}`);
    assert.match(reasons.toSorted().join('\n'), /blobs\/.*format 9 is not known/);
    assert.match(reasons.join('\n'), /blobs\/abc\/notes\.txt: /);
    assert.equal(report.counts?.removed, undefined);
    await waitUntil(
      'no job is left of it',
      () => bed.operators.stats(),
      ({ queues }) => queues.every(({ waiting, active }) => waiting + active === 0n),
    );
    assert.deepEqual(await contentsOf([foreign, unknown.file]), before);
    for (const file of [foreign, unknown.file]) await rm(file);
  });

  it('says in a dry run what the real one does then, and removes nothing', async () => {
    const live = await writeLarge(bed.store, keysOf('live', 3), bytes);
    const orphans = await writeOrphans(bed, keysOf('orphan', 7), { bytes: 2_000 });
    const dry = await bed.sweeps.run('ReclaimOrphans', { dryRun: true });
    assert.equal(dry.dryRun, true);
    assert.equal((await bed.payloads()).length, live.length + orphans.length);
    const real = await bed.sweeps.run('ReclaimOrphans');
    assert.deepEqual(
      [real.counts?.removed, real.counts?.freedBytes],
      [orphans.length, orphans.length * 2_000],
    );
    assert.deepEqual([dry.counts, dry.usecases], [real.counts, real.usecases]);
    await waitForNothing(bed);
    await removeAll(
      bed,
      live.map(({ key }) => key),
    );
  });

  it('hands no more orphans to the queue than it is told, and the rest the next time', async () => {
    const orphans = await writeOrphans(bed, keysOf('several', 8));
    const first = await bed.sweeps.run('ReclaimOrphans', { orphansLimit: 5 });
    assert.deepEqual([first.counts?.removed, first.truncatedDueToLimit], [5, true]);
    const second = await bed.sweeps.run('ReclaimOrphans', { orphansLimit: 5 });
    assert.deepEqual(
      [second.counts?.removed, second.truncatedDueToLimit],
      [orphans.length - 5, undefined],
    );
    await waitForNothing(bed);
  });
});

async function assertHolds(bed: SweepBed, keys: readonly string[]): Promise<void> {
  for (const key of keys) {
    const read = await bed.callers.get({ objectId: { usecase, key } });
    assert.ok(read.payload.equals(crashingPayload(key, bytes)), key);
  }
}

/** Leaves nothing behind for the next test. */
async function removeAll(bed: SweepBed, keys: readonly string[]): Promise<void> {
  await remove(bed.callers, keys);
  await waitForNothing(bed);
}

/** What has no name yet is the store's own business, which looks for it when it starts. */
async function forgetBrokenUploads(bed: SweepBed): Promise<void> {
  await bed.ageBrokenUploads();
  await bed.tieredStore.terminate();
  await bed.tieredStore.start();
}

function contentsOf(files: readonly string[]): Promise<readonly Buffer[]> {
  return Promise.all(files.map((file) => readFile(file)));
}
