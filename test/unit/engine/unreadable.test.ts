import { limits } from '@holdfast/domain';
import assert from 'node:assert/strict';
import { large, small } from '../../support/engine/payloads.js';
import { arrange, assertReads } from '../../support/engine/situations.js';
import { expiringAfter, idOf, useStore } from '../../support/engine/store-under-test.js';
import { openMemoryTiers } from '../../support/memory-tiers.js';

const id = idOf('foreign');
const other = idOf('ours');
const sweep = { examinedMax: 100 };

describe('What the engine cannot read', () => {
  const store = useStore(openMemoryTiers);

  it('is left alone by every operation on its row', async () => {
    await arrange(store(), id, 'large', 1);
    await store().atRest();
    const before = await store().holdings();
    store().tiers.highVolume.damage(id);
    const { engine } = store();
    const operations = [
      () => engine.getObject({ id }),
      () => engine.headObject(id),
      () => engine.deleteObject({ id }),
      () => store().put(id, small()),
      () => store().put(id, large()),
    ];
    for (const operate of operations) await assert.rejects(operate(), { code: 'UNREADABLE' });
    await store().atRest();
    assert.deepEqual(await store().holdings(), before);
  });

  it('keeps its blob from being reclaimed', async () => {
    const blob = await arrange(store(), id, 'large', 1);
    await store().atRest();
    store().tiers.highVolume.damage(id);
    store().clock.advance(limits.orphanAgeMsMin);
    const report = await store().engine.reclaimOrphans(sweep);
    assert.deepEqual(
      report.failed.map((failure) => failure.blob),
      [blob],
    );
    assert.deepEqual((await store().holdings()).blobs, [blob]);
  });

  it('is left out of a listing and reported', async () => {
    await arrange(store(), id, 'small', 1);
    await arrange(store(), other, 'small', 2);
    store().tiers.highVolume.damage(id);
    const page = await store().engine.listObjects({ usecase: id.usecase, scopes: [] });
    assert.deepEqual(
      page.objects.map((object) => object.id.path),
      [other.path],
    );
    assert.deepEqual(store().events, [{ kind: 'unreadable-row', path: id.path }]);
  });

  it('is shown by the sweep for expired objects, which goes on', async () => {
    await store().store(id, small(), expiringAfter(1_000));
    await store().store(other, small(), expiringAfter(1_000));
    store().tiers.highVolume.damage(id);
    store().clock.advance(1_000);
    const report = await store().engine.expireObjects(sweep);
    assert.deepEqual([report.expired, report.undecided.length], [1, 1]);
    assert.equal(report.undecided[0]?.where, id.path);
    assert.match(report.undecided[0].why, /cannot be read/);
  });

  it('stays on the change log, is shown by its sweep, and holds up nothing', async () => {
    for (const key of ['a', 'b']) {
      await arrange(store(), idOf(key), 'large', 1);
      await arrange(store(), idOf(key), 'large', 2);
    }
    await store().atRest();
    const [damaged, sound] = (await store().holdings()).changes;
    assert(damaged !== undefined && sound !== undefined);
    store().tiers.changeLog.damage(damaged);
    store().clock.advance(limits.changeDeadlineMs);
    const report = await store().engine.recoverChanges(sweep);
    assert.deepEqual([report.settled, report.failed, report.undecided], [1, [], [damaged]]);
    const settle = { changeId: damaged, youngChange: 'settle', unnamedBlobs: 'delete' } as const;
    await assert.rejects(store().engine.settleChange(settle), { code: 'UNREADABLE' });
    assert.equal((await store().holdings()).blobs.length, 3);
  });

  it('is shown by the sweep for orphans when it is no blob of ours, and never touched', async () => {
    store().tiers.longTerm.addForeign('lost+found', 'it is a directory');
    await arrange(store(), other, 'large', 1);
    await store().atRest();
    store().clock.advance(limits.orphanAgeMsMin);
    const foreign = { where: 'lost+found', why: 'it is a directory' };
    for (let times = 0; times < 2; times += 1) {
      const report = await store().engine.reclaimOrphans(sweep);
      assert.deepEqual([report.examined, report.freed, report.failed], [2, [], []]);
      assert.deepEqual(report.undecided, [foreign]);
    }
    await assertReads(store(), other, 'large', 1);
  });
});
