import { blobNameOf, limits, type BlobName, type Revision } from '@holdfast/domain';
import assert from 'node:assert/strict';
import { failNext, holdNext } from './hold.js';
import { inChunks, large, largeBytes, small } from './payloads.js';
import { arrange, assertReads, presentOf, unavailable } from './situations.js';
import {
  idOf,
  plainMetadata,
  useStore,
  type OpenTiers,
  type StoreUnderTest,
} from './store-under-test.js';

const id = idOf('reclaimed');
const oldEnoughMs = limits.orphanAgeMsMin;

export function describeReclaiming(openTiers: OpenTiers): void {
  const store = useStore(openTiers);

  describe('a blob that was found by listing', () => {
    it('is freed when nothing names it', async () => {
      const orphan = await placeOrphan(store(), 'reclaimed');
      const outcome = await store().engine.reclaimBlob(orphan);
      assert.deepEqual(outcome, { kind: 'freed', size: largeBytes });
      assert.deepEqual((await store().holdings()).blobs, []);
    });

    it('is gone already when somebody else was faster', async () => {
      const orphan = await placeOrphan(store(), 'reclaimed');
      await store().engine.reclaimBlob(orphan);
      assert.deepEqual(await store().engine.reclaimBlob(orphan), { kind: 'gone-already' });
    });

    it('is live when its row names it', async () => {
      const blob = await arrange(store(), id, 'large', 1);
      await store().atRest();
      const outcome = await store().engine.reclaimBlob(blob ?? assert.fail());
      assert.deepEqual(outcome, { kind: 'live' });
      await assertReads(store(), id, 'large', 1);
    });

    it('is owned by its change while that is on the log', async () => {
      const commit = holdNext(store().highVolume, 'commit');
      const writing = store().put(id, large());
      await commit.reached;
      const [blob] = (await store().holdings()).blobs;
      const outcome = await store().engine.reclaimBlob(blob ?? assert.fail());
      assert.deepEqual(outcome, { kind: 'owned-by-change' });
      commit.release();
      assert.equal((await writing).kind, 'stored');
    });

    it('is undecided, and kept, when no write of ours could have named it', async () => {
      let removed = 0;
      store().longTerm.hook('remove', { before: () => void (removed += 1) });
      const { revision } = await store().store(id, small());
      for (const name of ['', 'x', `${id.path}/v1`, `engine/${revision}`, revision]) {
        const outcome = await store().engine.reclaimBlob(name as BlobName);
        assert.deepEqual(outcome, { kind: 'undecided' });
      }
      assert.equal(removed, 0);
    });

    it('cannot be committed any more by a slow writer whose entry was lost', async () => {
      const old = await arrange(store(), id, 'large', 1);
      const commit = holdNext(store().highVolume, 'commit');
      const writing = store().put(id, large(2));
      await commit.reached;
      const [change] = await store().changes();
      assert(change?.newBlob !== undefined);
      await store().tiers.changeLog.remove(change.changeId);
      const outcome = await store().anotherEngine().reclaimBlob(change.newBlob);
      assert.equal(outcome.kind, 'freed');
      commit.release();
      assert.deepEqual(await writing, { kind: 'fenced' });
      await assertReads(store(), id, 'large', 1);
      assert.deepEqual((await store().holdings()).blobs, presentOf(old));
    });

    for (const method of ['fence', 'readHead'] as const) {
      it(`is kept when its row cannot be judged (${method})`, async () => {
        const orphan = await placeOrphan(store(), 'reclaimed');
        failNext(store().highVolume, method, unavailable());
        const reclaiming = store().engine.reclaimBlob(orphan);
        await assert.rejects(reclaiming, { code: 'TIER_UNAVAILABLE' });
        assert.deepEqual((await store().holdings()).blobs, [orphan]);
      });
    }
  });

  describe('a sweep for orphans', () => {
    it('frees what nothing names and keeps the rest', async () => {
      const live = await arrange(store(), id, 'large', 1);
      await store().atRest();
      const orphans = [await placeOrphan(store(), 'x'), await placeOrphan(store(), 'reclaimed')];
      store().clock.advance(oldEnoughMs);
      const report = await store().engine.reclaimOrphans({ examinedMax: 100 });
      assert.deepEqual(report.freed.map(({ blob }) => blob).toSorted(), orphans.toSorted());
      assert.deepEqual(
        report.freed.map(({ size }) => size),
        [largeBytes, largeBytes],
      );
      assert.deepEqual([report.examined, report.failed, report.undecided], [3, [], []]);
      assert.deepEqual((await store().holdings()).blobs, presentOf(live));
    });

    it('leaves young blobs alone', async () => {
      const orphan = await placeOrphan(store(), 'x');
      store().clock.advance(oldEnoughMs - 1);
      const early = await store().engine.reclaimOrphans({ examinedMax: 100 });
      assert.deepEqual([early.examined, early.freed], [1, []]);
      assert.deepEqual((await store().holdings()).blobs, [orphan]);
      store().clock.advance(1);
      assert.equal((await store().engine.reclaimOrphans({ examinedMax: 100 })).freed.length, 1);
    });

    it('can be told another age', async () => {
      await placeOrphan(store(), 'x');
      const report = await store().engine.reclaimOrphans({ examinedMax: 100, ageMsMin: 0 });
      assert.equal(report.freed.length, 1);
    });

    it('looks at no more than it may, and goes on from its cursor', async () => {
      for (const key of ['a', 'b', 'c', 'd', 'e']) await placeOrphan(store(), key);
      await arrange(store(), id, 'large', 1);
      await store().atRest();
      store().clock.advance(oldEnoughMs);
      let freed = 0;
      let pages = 0;
      let cursor: string | undefined;
      do {
        const report = await store().engine.reclaimOrphans({ cursor, examinedMax: 2 });
        assert(report.examined <= 2);
        freed += report.freed.length;
        pages += 1;
        cursor = report.next;
      } while (cursor !== undefined);
      assert.equal(freed, 5);
      assert(pages >= 3, `${pages} pages`);
      assert.equal((await store().holdings()).blobs.length, 1);
    });

    it('reports what could not be judged, leaves it, and goes on', async () => {
      await placeOrphan(store(), 'a');
      await placeOrphan(store(), 'b');
      store().clock.advance(oldEnoughMs);
      const cause = unavailable();
      failNext(store().longTerm, 'remove', cause);
      const report = await store().engine.reclaimOrphans({ examinedMax: 100 });
      assert.equal(report.freed.length, 1);
      const { blobs } = await store().holdings();
      assert.deepEqual(report.failed, [{ blob: blobs[0], cause }]);
      assert.equal(blobs.length, 1);
    });

    it('stops when it is told to, and begins its page again', async () => {
      for (const key of ['a', 'b', 'c']) await placeOrphan(store(), key);
      store().clock.advance(oldEnoughMs);
      const stop = new AbortController();
      store().longTerm.hook('remove', { after: () => stop.abort() });
      const { signal } = stop;
      const cut = await store().engine.reclaimOrphans({ examinedMax: 100, signal });
      assert.deepEqual([cut.freed.length, cut.next], [1, undefined]);
      const rest = await store().engine.reclaimOrphans({ cursor: cut.next, examinedMax: 100 });
      assert.equal(rest.freed.length, 2);
    });
  });
}

/** A blob that no row names and no change owns, as a lost change log would leave it. */
async function placeOrphan(store: StoreUnderTest, key: string): Promise<BlobName> {
  const spare = await store.store(idOf('spare'), small());
  await store.engine.deleteObject({ id: idOf('spare') });
  const revision: Revision = spare.revision;
  const name = blobNameOf(idOf(key), revision);
  const metadata = { ...plainMetadata, revision, timeCreated: store.clock.now() };
  const created = await store.tiers.longTerm.create(name, metadata, inChunks(large()));
  assert.equal(created.kind, 'created');
  return name;
}
