import { limits, type BlobName } from '@holdfast/domain';
import assert from 'node:assert/strict';
import { failNext, holdNext } from './hold.js';
import { large, small } from './payloads.js';
import { arrange, presentOf, unavailable } from './situations.js';
import { idOf, useStore, type OpenTiers, type StoreUnderTest } from './store-under-test.js';

const id = idOf('ordered');
const toRowWithUpload = ['begin', 'readHead', 'record', 'create', 'commit'];
const toRow = ['begin', 'readHead', 'record', 'commit'];
const rowMethods = ['begin', 'readHead', 'commit', 'fence', 'putInline', 'deleteInline'] as const;
const cleanup = ['fence', 'readHead', 'remove blob', 'remove change'];
const abandoning = ['fence', 'remove blob', 'remove change'];

const changesWithBlobs = [
  { from: 'large', to: 'large', calls: toRowWithUpload },
  { from: 'large', to: 'small', calls: ['putInline', ...toRow] },
  { from: 'large', to: 'nothing', calls: ['deleteInline', ...toRow] },
] as const;

export function describeChangeOrder(openTiers: OpenTiers): void {
  describe('a change', () => {
    const store = useStore(openTiers);

    for (const { from, to, calls } of changesWithBlobs) {
      it(`is recorded before its first side effect: ${to} over ${from}`, async () => {
        await arrange(store(), id, from, 1);
        await store().atRest();
        const seen = watchCalls(store());
        await arrange(store(), id, to, 2);
        await store().atRest();
        // And again after its commit, for the readers of the replaced blob.
        assert.deepEqual(seen, [...calls, 'record']);
      });

      it(`is removed after its last: ${to} over ${from}`, async () => {
        await arrange(store(), id, from, 1);
        await arrange(store(), id, to, 2);
        await store().atRest();
        const seen = watchCalls(store());
        await store().cleanUp();
        assert.deepEqual(seen, cleanup);
      });
    }

    it('is removed at once when it replaced no blob', async () => {
      const seen = watchCalls(store());
      await arrange(store(), id, 'large');
      await store().atRest();
      assert.deepEqual(seen, [...toRowWithUpload, 'remove change']);
      assert.deepEqual(store().jobs, []);
    });

    it('is removed after its blob when its upload failed', async () => {
      const seen = watchCalls(store());
      const payload = (async function* () {
        yield large();
        throw new Error('the source broke');
      })();
      await assert.rejects(store().put(id, large(), { payload }), /the source broke/);
      await store().atRest();
      assert.deepEqual(seen, ['begin', 'readHead', 'record', 'create', ...abandoning]);
    });

    it('that lost deletes its own blob, without looking at the row, and not the one it found', async () => {
      const old = await arrange(store(), id, 'large', 1);
      const commit = holdNext(store().highVolume, 'commit');
      const losing = store().put(id, large(2));
      await commit.reached;
      const won = await arrange(store(), id, 'large', 3);
      await store().engine.headObject(id);
      const seen = watchCalls(store());
      const removed = watchRemovals(store());
      const lost = (await store().holdings()).blobs.find((blob) => blob !== old && blob !== won);
      commit.release();
      assert.equal((await losing).kind, 'stored');
      await store().atRest();
      // The one look at the row is for the answer.
      assert.deepEqual(seen, ['readHead', ...abandoning]);
      assert.deepEqual(removed, [lost]);
      assert.deepEqual((await store().holdings()).blobs, presentOf(old, won));
    });

    for (const [to, bytes] of [['small', small(2)] as const, ['nothing', undefined] as const]) {
      it(`that failed and made no blob deletes none: ${to} over large`, async () => {
        const old = await arrange(store(), id, 'large', 1);
        await store().atRest();
        const seen = watchCalls(store());
        failNext(store().highVolume, 'commit', unavailable());
        const failing =
          bytes === undefined ? store().engine.deleteObject({ id }) : store().put(id, bytes);
        await assert.rejects(failing, { code: 'TIER_UNAVAILABLE' });
        await store().atRest();
        assert.deepEqual(seen.slice(-3), ['commit', 'fence', 'remove change']);
        assert.deepEqual(await store().holdings(), { blobs: presentOf(old), changes: [] });
      });
    }

    it('is not recorded before its intent is known to be in the row', async () => {
      const begin = holdNext(store().highVolume, 'begin', 'after');
      const writing = store().put(id, large());
      await begin.reached;
      assert.deepEqual(await store().changes(), []);
      begin.release();
      await writing;
    });

    it('is not uploaded before its record is known to be on the log', async () => {
      const record = holdNext(store().changeLog, 'record', 'after');
      const seen = watchCalls(store());
      const writing = store().put(id, large());
      await record.reached;
      assert(!seen.includes('create'));
      record.release();
      await writing;
    });

    it('says on the log what it writes, what it replaces and until when it is at work', async () => {
      const old = await arrange(store(), id, 'large', 1);
      const commit = holdNext(store().highVolume, 'commit');
      const writing = store().put(id, large(2));
      await commit.reached;
      const [change] = await store().changes();
      commit.release();
      const outcome = await writing;
      assert(change !== undefined && outcome.kind === 'stored');
      assert.equal(change.changeId, outcome.metadata.revision);
      assert.equal(change.objectId.path, id.path);
      assert.equal(change.newBlob, `${id.path}/${outcome.metadata.revision}`);
      assert.equal(change.oldBlob, old);
      assert.equal(change.deadline, store().clock.now() + limits.changeDeadlineMs);
    });

    it('needs no log where no blob is involved', async () => {
      const seen = watchCalls(store());
      const { revision } = await store().store(id, new Uint8Array(1), {
        condition: { kind: 'if-absent' },
      });
      await store().engine.deleteObject({ id, ifRevision: revision });
      assert.deepEqual(seen, ['begin', 'readHead', 'commit', 'begin', 'readHead', 'commit']);
    });

    it('may be removed twice', async () => {
      await arrange(store(), id, 'large', 1);
      const blob = await arrange(store(), id, 'large', 2);
      await store().atRest();
      const [changeId] = (await store().holdings()).changes;
      assert(changeId !== undefined);
      const settle = { changeId, youngChange: 'settle', unnamedBlobs: 'delete' } as const;
      assert.equal((await store().engine.settleChange(settle)).kind, 'committed');
      assert.equal((await store().engine.settleChange(settle)).kind, 'already-resolved');
      await store().tiers.changeLog.remove(changeId);
      assert.deepEqual(await store().holdings(), { blobs: presentOf(blob), changes: [] });
    });

    it('is settled once by many at the same time', async () => {
      await arrange(store(), id, 'large', 1);
      const blob = await arrange(store(), id, 'large', 2);
      await store().atRest();
      const [changeId] = (await store().holdings()).changes;
      assert(changeId !== undefined);
      const settle = { changeId, youngChange: 'settle', unnamedBlobs: 'delete' } as const;
      const settled = await Promise.all(
        Array.from({ length: 4 }, () => store().anotherEngine().settleChange(settle)),
      );
      const blobs = settled.flatMap((outcome) => ('blobs' in outcome ? outcome.blobs : []));
      const freed = blobs.filter(({ state }) => state === 'deleted');
      assert.equal(freed.length, 1, 'freed bytes count once');
      assert.deepEqual(await store().holdings(), { blobs: presentOf(blob), changes: [] });
    });
  });

  describe('a change whose cleanup waits for readers', () => {
    // The grace outlasts the deadline, so the deadline has to be put off.
    const graceMs = 300_000;
    const store = useStore(openTiers, { changeDeadlineMs: 60_000, readerGraceMs: graceMs });

    it('is not offered to a sweep before its time', async () => {
      await arrange(store(), id, 'large', 1);
      const blob = await arrange(store(), id, 'large', 2);
      await store().atRest();
      store().clock.advance(graceMs - 1);
      const early = await store().engine.recoverChanges({ examinedMax: 10 });
      assert.deepEqual([early.settled, early.freed], [0, []]);
      assert.equal((await store().holdings()).blobs.length, 2);

      store().clock.advance(1);
      const due = await store().engine.recoverChanges({ examinedMax: 10 });
      assert.deepEqual([due.settled, due.freed.length], [1, 1]);
      assert.deepEqual(await store().holdings(), { blobs: presentOf(blob), changes: [] });
    });
  });
}

function watchRemovals(store: StoreUnderTest): readonly BlobName[] {
  const removed: BlobName[] = [];
  store.longTerm.hook('remove', { before: (blob) => void removed.push(blob) });
  return removed;
}

/** Notes every changing call and every read of a row, as it is made. */
function watchCalls(store: StoreUnderTest): readonly string[] {
  const seen: string[] = [];
  const note = (call: string) => ({ before: () => void seen.push(call) });
  for (const method of rowMethods) store.highVolume.hook(method, note(method));
  store.changeLog.hook('record', note('record'));
  store.changeLog.hook('remove', note('remove change'));
  store.longTerm.hook('create', note('create'));
  store.longTerm.hook('remove', note('remove blob'));
  return seen;
}
