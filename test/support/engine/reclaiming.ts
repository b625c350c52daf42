import {
  blobNameOf,
  changeIdOf,
  limits,
  parseBlobName,
  type BlobName,
  type Revision,
} from '@holdfast/domain';
import { plain } from '@holdfast/testkit';
import assert from 'node:assert/strict';
import { beforeNext, failNext, holdNext } from './hold.js';
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
const sweep = { examinedMax: 100 };

export function describeReclaiming(openTiers: OpenTiers): void {
  const store = useStore(openTiers);

  describe('a blob that was found by listing', () => {
    it('is freed when nothing names it, once its readers have had their time', async () => {
      const orphan = await placeOrphan(store(), 'reclaimed');
      const changeId = changeIdOf(parseBlobName(orphan)?.revision ?? assert.fail());
      const until = store().clock.now() + limits.readerGraceMs;
      const outcome = await store().engine.reclaimBlob({ blob: orphan });
      assert.deepEqual(outcome, { kind: 'awaiting-readers', until, size: undefined });
      const [change, ...others] = await store().changes();
      assert.deepEqual(others, []);
      assert.deepEqual(plain(change), {
        changeId,
        objectId: plain(id),
        newBlob: orphan,
        deadline: until,
        readersUntil: until,
      });
      const job = { kind: 'settle-change', changeId };
      assert.deepEqual(store().jobs, [{ job, notBefore: until }]);
      assert.deepEqual(await store().engine.reclaimBlob({ blob: orphan }), {
        kind: 'owned-by-change',
        size: undefined,
      });

      store().clock.advance(limits.readerGraceMs - 1);
      await store().work();
      await store().engine.recoverChanges(sweep);
      assert.deepEqual((await store().holdings()).blobs, [orphan]);
      store().clock.advance(1);
      const { freed } = await store().engine.recoverChanges(sweep);
      assert.deepEqual(freed, [{ blob: orphan, size: largeBytes }]);
      assert.deepEqual(await store().holdings(), { blobs: [], changes: [] });
    });

    it('is freed at once where readers are given no time', async () => {
      const orphan = await placeOrphan(store(), 'reclaimed');
      const outcome = await store()
        .anotherEngine({ readerGraceMs: 0 })
        .reclaimBlob({ blob: orphan });
      assert.deepEqual(outcome, { kind: 'freed', size: largeBytes });
      assert.deepEqual(await store().holdings(), { blobs: [], changes: [] });
      assert.deepEqual(store().jobs, []);
    });

    it('is gone already when somebody else was faster', async () => {
      const orphan = await placeOrphan(store(), 'reclaimed');
      const engine = store().anotherEngine({ readerGraceMs: 0 });
      await engine.reclaimBlob({ blob: orphan });
      assert.deepEqual(await engine.reclaimBlob({ blob: orphan }), { kind: 'gone-already' });
      assert.deepEqual(await store().holdings(), { blobs: [], changes: [] });
    });

    it('is live when its row names it', async () => {
      const blob = await arrange(store(), id, 'large', 1);
      await store().atRest();
      const outcome = await store().engine.reclaimBlob({ blob: blob ?? assert.fail() });
      assert.deepEqual(outcome, { kind: 'live', size: undefined });
      await assertReads(store(), id, 'large', 1);
    });

    it('is owned by its change while that is on the log', async () => {
      const commit = holdNext(store().highVolume, 'commit');
      const writing = store().put(id, large());
      await commit.reached;
      const [blob] = (await store().holdings()).blobs;
      const outcome = await store().engine.reclaimBlob({ blob: blob ?? assert.fail() });
      assert.deepEqual(outcome, { kind: 'owned-by-change', size: undefined });
      commit.release();
      assert.equal((await writing).kind, 'stored');
    });

    it('is undecided, and kept, when no write of ours could have named it', async () => {
      let removed = 0;
      store().longTerm.hook('remove', { before: () => void (removed += 1) });
      const { revision } = await store().store(id, small());
      for (const name of ['', 'x', `${id.path}/v1`, `engine/${revision}`, revision]) {
        const outcome = await store().engine.reclaimBlob({ blob: name as BlobName });
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
      const outcome = await store().anotherEngine().reclaimBlob({ blob: change.newBlob });
      assert.equal(outcome.kind, 'awaiting-readers');
      commit.release();
      assert.deepEqual(await writing, { kind: 'fenced' });
      await assertReads(store(), id, 'large', 1);
      await store().atRest();
      assert.deepEqual(await store().holdings(), { blobs: presentOf(old), changes: [] });
    });

    for (const method of ['fence', 'readHead'] as const) {
      it(`is kept when its row cannot be judged (${method})`, async () => {
        const orphan = await placeOrphan(store(), 'reclaimed');
        failNext(store().highVolume, method, unavailable());
        const reclaiming = store().engine.reclaimBlob({ blob: orphan });
        await assert.rejects(reclaiming, { code: 'TIER_UNAVAILABLE' });
        assert.deepEqual(await store().holdings(), { blobs: [orphan], changes: [] });
      });
    }

    it('is found on the log when it could only be put there', async () => {
      const orphan = await placeOrphan(store(), 'reclaimed');
      beforeNext(store().changeLog, 'record', () =>
        failNext(store().highVolume, 'fence', unavailable()),
      );
      const reclaiming = store().engine.reclaimBlob({ blob: orphan });
      await assert.rejects(reclaiming, { code: 'TIER_UNAVAILABLE' });
      const held = await store().holdings();
      assert.deepEqual([held.blobs, held.changes.length], [[orphan], 1]);
      const report = await store().engine.recoverChanges(sweep);
      assert.deepEqual([report.awaitingReaders, report.freed, report.failed], [1, [], []]);
      await store().cleanUp();
      assert.deepEqual(await store().holdings(), { blobs: [], changes: [] });
    });
  });

  describe('a blob that was replaced a moment ago', () => {
    for (const ms of [0, limits.readerGraceMs - 1]) {
      it(`is kept for its readers by a sweep for orphans ${ms} ms later, however old it is`, async () => {
        const old = await arrange(store(), id, 'large', 1);
        await store().atRest();
        store().clock.advance(2 * oldEnoughMs);
        const blob = await arrange(store(), id, 'large', 2);
        await store().atRest();
        store().clock.advance(ms);
        const report = await store().engine.reclaimOrphans(sweep);
        assert.deepEqual([report.awaitingReaders, report.freed], [1, []]);
        assert.deepEqual((await store().holdings()).blobs, presentOf(old, blob));

        store().clock.advance(limits.readerGraceMs - 1 - ms);
        await store().work();
        await store().engine.recoverChanges(sweep);
        await store().engine.reclaimOrphans(sweep);
        assert.deepEqual((await store().holdings()).blobs, presentOf(old, blob));
        await store().cleanUp();
        assert.deepEqual(await store().holdings(), { blobs: presentOf(blob), changes: [] });
        await assertReads(store(), id, 'large', 2);
      });
    }
  });

  describe('a sweep for orphans', () => {
    it('frees what nothing names, after its grace, and keeps the rest', async () => {
      const live = await arrange(store(), id, 'large', 1);
      await store().atRest();
      const orphans = [await placeOrphan(store(), 'x'), await placeOrphan(store(), 'reclaimed')];
      store().clock.advance(oldEnoughMs);
      const report = await store().engine.reclaimOrphans({ examinedMax: 100 });
      assert.deepEqual(report, {
        examined: 3,
        awaitingReaders: 2,
        freed: [],
        failed: [],
        undecided: [],
        truncated: false,
      });
      assert.deepEqual((await store().holdings()).blobs, presentOf(live, ...orphans));
      store().clock.advance(limits.readerGraceMs);
      const { freed } = await store().engine.recoverChanges(sweep);
      assert.deepEqual(freed.map(({ blob }) => blob).toSorted(), orphans.toSorted());
      assert.deepEqual(
        freed.map(({ size }) => size),
        [largeBytes, largeBytes],
      );
      assert.deepEqual(await store().holdings(), { blobs: presentOf(live), changes: [] });
    });

    it('frees what nothing names at once where readers are given no time', async () => {
      const orphans = [await placeOrphan(store(), 'x'), await placeOrphan(store(), 'reclaimed')];
      store().clock.advance(oldEnoughMs);
      const report = await store().anotherEngine({ readerGraceMs: 0 }).reclaimOrphans(sweep);
      assert.deepEqual(
        report.freed.toSorted((a, b) => (a.blob < b.blob ? -1 : 1)),
        orphans.toSorted().map((blob) => ({ blob, size: largeBytes })),
      );
      assert.equal(report.awaitingReaders, 0);
      assert.deepEqual(await store().holdings(), { blobs: [], changes: [] });
    });

    it('leaves young blobs alone', async () => {
      const orphan = await placeOrphan(store(), 'x');
      store().clock.advance(oldEnoughMs - 1);
      const early = await store().engine.reclaimOrphans({ examinedMax: 100 });
      assert.deepEqual([early.examined, early.awaitingReaders, early.freed], [1, 0, []]);
      assert.deepEqual(await store().holdings(), { blobs: [orphan], changes: [] });
      store().clock.advance(1);
      assert.equal((await store().engine.reclaimOrphans(sweep)).awaitingReaders, 1);
    });

    it('can be told another age', async () => {
      await placeOrphan(store(), 'x');
      const report = await store().engine.reclaimOrphans({ examinedMax: 100, ageMsMin: 0 });
      assert.equal(report.awaitingReaders, 1);
    });

    it('looks at no more than it may, and goes on from its cursor', async () => {
      for (const key of ['a', 'b', 'c', 'd', 'e']) await placeOrphan(store(), key);
      await arrange(store(), id, 'large', 1);
      await store().atRest();
      store().clock.advance(oldEnoughMs);
      let found = 0;
      let pages = 0;
      let cursor: string | undefined;
      do {
        const report = await store().engine.reclaimOrphans({ cursor, examinedMax: 2 });
        assert(report.examined <= 2);
        found += report.awaitingReaders;
        assert.equal(report.truncated, report.next !== undefined);
        pages += 1;
        cursor = report.next;
      } while (cursor !== undefined);
      assert.equal(found, 5);
      assert(pages >= 3, `${pages} pages`);
      await store().cleanUp();
      assert.equal((await store().holdings()).blobs.length, 1);
    });

    it('reports what could not be judged, leaves it, and goes on', async () => {
      await placeOrphan(store(), 'a');
      await placeOrphan(store(), 'b');
      store().clock.advance(oldEnoughMs);
      const cause = unavailable();
      failNext(store().highVolume, 'fence', cause);
      const report = await store().engine.reclaimOrphans({ examinedMax: 100 });
      assert.equal(report.awaitingReaders, 1);
      await store().cleanUp();
      const { blobs } = await store().holdings();
      assert.deepEqual(report.failed, [{ blob: blobs[0], cause }]);
      assert.equal(blobs.length, 1);
    });
  });
}

/** A blob that no row names and no change owns, as a lost change log would leave it. */
export async function placeOrphan(store: StoreUnderTest, key: string): Promise<BlobName> {
  const spare = await store.store(idOf('spare'), small());
  await store.engine.deleteObject({ id: idOf('spare') });
  const revision: Revision = spare.revision;
  const name = blobNameOf(idOf(key), revision);
  const metadata = { ...plainMetadata, revision, timeCreated: store.clock.now() };
  const created = await store.tiers.longTerm.create(name, metadata, inChunks(large()));
  assert.equal(created.kind, 'created');
  return name;
}
