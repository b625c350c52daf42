import {
  changeIdOf,
  DomainError,
  limits,
  parseBlobName,
  type BlobName,
  type Change,
} from '@holdfast/domain';
import assert from 'node:assert/strict';
import { failNext, holdNext } from './hold.js';
import { large, largeBytes } from './payloads.js';
import { placeOrphan } from './reclaiming.js';
import { arrange, assertReads, presentOf, unavailable } from './situations.js';
import { idOf, useStore, type OpenTiers, type StoreUnderTest } from './store-under-test.js';

const id = idOf('judged');
const ageMsMin = limits.orphanAgeMsMin;

/** Runs what must not write, and fails if it does. */
async function withoutWriting<Result>(
  store: StoreUnderTest,
  run: () => Promise<Result>,
): Promise<Result> {
  const forbid = () => assert.fail('a dry run writes');
  const unhook = [
    store.highVolume.hook('begin', { before: forbid }),
    store.highVolume.hook('commit', { before: forbid }),
    store.highVolume.hook('fence', { before: forbid }),
    store.highVolume.hook('putInline', { before: forbid }),
    store.highVolume.hook('deleteInline', { before: forbid }),
    store.highVolume.hook('extend', { before: forbid }),
    store.longTerm.hook('create', { before: forbid }),
    store.longTerm.hook('remove', { before: forbid }),
    store.longTerm.hook('extend', { before: forbid }),
    store.changeLog.hook('record', { before: forbid }),
    store.changeLog.hook('remove', { before: forbid }),
    store.changeLog.hook('defer', { before: forbid }),
    store.queue.hook('enqueue', { before: forbid }),
  ];
  try {
    return await run();
  } finally {
    for (const off of unhook) off();
  }
}

export function describeDryRuns(openTiers: OpenTiers): void {
  const store = useStore(openTiers);

  async function onlyChange(): Promise<Change> {
    const [change, ...others] = await store().changes();
    assert(change !== undefined && others.length === 0);
    return change;
  }

  describe('a dry run of settling', () => {
    const how = { youngChange: 'settle', unnamedBlobs: 'keep-for-readers', dryRun: true } as const;

    it('says what would become of a change whose writer is at work, who goes on', async () => {
      const old = await arrange(store(), id, 'large', 1);
      await store().atRest();
      const commit = holdNext(store().highVolume, 'commit');
      const writing = store().put(id, large(2));
      await commit.reached;
      const { changeId, newBlob, deadline } = await onlyChange();
      const other = store().anotherEngine();
      const until = store().clock.now() + limits.readerGraceMs;
      const outcomes = await withoutWriting(store(), async () => [
        await other.settleChange({ ...how, changeId, youngChange: 'keep' }),
        await other.settleChange({ ...how, changeId }),
        await other.settleChange({ ...how, changeId, unnamedBlobs: 'delete' }),
      ]);
      const live = { blob: old, state: 'live', size: largeBytes };
      assert.deepEqual(outcomes, [
        { kind: 'still-young', deadline },
        {
          kind: 'awaiting-readers',
          until,
          blobs: [{ blob: newBlob, state: 'awaiting-readers', size: 0 }, live],
        },
        {
          kind: 'superseded',
          blobs: [{ blob: newBlob, state: 'reclaimable', size: largeBytes }, live],
        },
      ]);
      commit.release();
      assert.equal((await writing).kind, 'stored');
      await assertReads(store(), id, 'large', 2);
    });

    it('foretells what settling then does', async () => {
      const old = await arrange(store(), id, 'large', 1);
      await arrange(store(), id, 'large', 2);
      await store().atRest();
      const { changeId } = await onlyChange();
      store().clock.advance(limits.readerGraceMs);
      const { engine } = store();
      const foretold = await withoutWriting(store(), () =>
        engine.settleChange({ ...how, changeId }),
      );
      const settled = await engine.settleChange({ ...how, changeId, dryRun: false });
      const fate = { blob: old, size: largeBytes };
      assert.deepEqual(foretold, {
        kind: 'committed',
        blobs: [{ ...fate, state: 'reclaimable' }],
      });
      assert.deepEqual(settled, { kind: 'committed', blobs: [{ ...fate, state: 'deleted' }] });
      assert.deepEqual(await engine.settleChange({ ...how, changeId }), {
        kind: 'already-resolved',
      });
    });

    it('says of a blob that is gone that it is', async () => {
      const old = await arrange(store(), id, 'large', 1);
      await arrange(store(), id, 'large', 2);
      await store().atRest();
      const { changeId } = await onlyChange();
      store().clock.advance(limits.readerGraceMs);
      await store().tiers.longTerm.remove(old ?? assert.fail());
      const outcome = await store().engine.settleChange({ ...how, changeId });
      const blobs = [{ blob: old, state: 'absent', size: 0 }];
      assert.deepEqual(outcome, { kind: 'committed', blobs });
    });
  });

  describe('a dry run of reclaiming', () => {
    const judge = (blob: BlobName, ageMs = 0) =>
      withoutWriting(store(), () =>
        store().engine.reclaimBlob({ blob, ageMsMin: ageMs, dryRun: true }),
      );

    it('says what keeps each blob', async () => {
      const live = await arrange(store(), id, 'large', 1);
      await store().atRest();
      const orphan = await placeOrphan(store(), 'orphan');
      const { size } = await store().tiers.longTerm.head(orphan).then(metadataOf);
      const commit = holdNext(store().highVolume, 'commit');
      const writing = store().put(idOf('written'), large(2));
      await commit.reached;
      const owned = (await onlyChange()).newBlob;
      assert(live !== undefined && owned !== undefined);
      assert.deepEqual(await judge(live), { kind: 'live', size });
      assert.deepEqual(await judge(owned), { kind: 'owned-by-change', size });
      assert.deepEqual(await judge(orphan), { kind: 'reclaimable', size });
      assert.deepEqual(await judge(orphan, 1), { kind: 'young', size });
      const gone = `${orphan.slice(0, -1)}${orphan.endsWith('0') ? '1' : '0'}` as BlobName;
      assert.deepEqual(await judge(gone), { kind: 'gone-already' });
      assert.deepEqual(await judge('x' as BlobName), { kind: 'undecided' });
      commit.release();
      assert.equal((await writing).kind, 'stored');
    });

    it('does not take a replaced blob for an orphan while its replacement has it', async () => {
      const old = await arrange(store(), id, 'large', 1);
      await store().atRest();
      await arrange(store(), id, 'large', 2);
      await store().atRest();
      const size = largeBytes;
      assert.deepEqual(await judge(old ?? assert.fail()), { kind: 'owned-by-change', size });
    });

    it('keeps no blob for an entry of its object that cannot be read, but its own', async () => {
      const old = await arrange(store(), id, 'large', 1);
      await store().atRest();
      const current = await arrange(store(), id, 'large', 2);
      await store().atRest();
      const { changeId } = await onlyChange();
      const unreadable = new DomainError({ code: 'UNREADABLE', what: 'entry', why: 'simulated' });
      const unhook = store().changeLog.hook('get', {
        before: (wanted) => {
          if (wanted === changeId) throw unreadable;
        },
      });
      const outcome = await judge(old ?? assert.fail());
      assert.deepEqual(outcome, { kind: 'reclaimable', size: largeBytes });
      await assert.rejects(judge(current ?? assert.fail()), { code: 'UNREADABLE' });
      unhook();
    });

    it('does not judge a replaced blob while the log cannot be reached', async () => {
      const old = await arrange(store(), id, 'large', 1);
      await store().atRest();
      await arrange(store(), id, 'large', 2);
      await store().atRest();
      const { changeId } = await onlyChange();
      const unhook = store().changeLog.hook('get', {
        before: (wanted) => {
          if (wanted === changeId) throw unavailable();
        },
      });
      await assert.rejects(judge(old ?? assert.fail()), { code: 'TIER_UNAVAILABLE' });
      unhook();
    });

    it('takes a blob for live as soon as its row has it, although its change is on the log', async () => {
      await arrange(store(), id, 'large', 1);
      const blob = await arrange(store(), id, 'large', 2);
      await store().atRest();
      assert.equal((await onlyChange()).newBlob, undefined);
      const outcome = await judge(blob ?? assert.fail());
      assert.deepEqual(outcome, { kind: 'live', size: largeBytes });
    });
  });

  describe('reclaiming by age', () => {
    it('keeps a young blob, and one of the future, without a fence', async () => {
      const orphan = await placeOrphan(store(), 'young');
      const reclaim = (ageMs: number) =>
        store().engine.reclaimBlob({ blob: orphan, ageMsMin: ageMs });
      const young = { kind: 'young', size: largeBytes };
      store().clock.advance(ageMsMin - 1);
      await withoutWriting(store(), async () => {
        assert.deepEqual(await reclaim(ageMsMin), young);
        store().clock.set((store().clock.now() - ageMsMin) as never);
        assert.deepEqual(await reclaim(0), young);
      });
      store().clock.set((store().clock.now() + 2 * ageMsMin) as never);
      const outcome = await reclaim(ageMsMin);
      const until = store().clock.now() + limits.readerGraceMs;
      assert.deepEqual(outcome, { kind: 'awaiting-readers', until, size: largeBytes });
    });

    it('keeps what is live at any age', async () => {
      const live = await arrange(store(), id, 'large', 1);
      await store().atRest();
      store().clock.advance(100 * ageMsMin);
      const outcome = await store().engine.reclaimBlob({ blob: live ?? assert.fail(), ageMsMin });
      assert.deepEqual(outcome, { kind: 'live', size: largeBytes });
    });

    it('keeps a blob that it cannot look at', async () => {
      const orphan = await placeOrphan(store(), 'orphan');
      failNext(store().longTerm, 'head', unavailable());
      const reclaiming = store().engine.reclaimBlob({ blob: orphan, ageMsMin: 0 });
      await assert.rejects(reclaiming, { code: 'TIER_UNAVAILABLE' });
      assert.deepEqual(await store().holdings(), { blobs: [orphan], changes: [] });
    });
  });

  describe('giving a change up', () => {
    it('fences its writer and takes it off the log, and leaves its blobs to be found', async () => {
      const old = await arrange(store(), id, 'large', 1);
      await store().atRest();
      const commit = holdNext(store().highVolume, 'commit');
      const writing = store().put(id, large(2));
      await commit.reached;
      const change = await onlyChange();
      const outcome = await store().anotherEngine().discardChange(change.changeId);
      assert.deepEqual(outcome, { kind: 'discarded', change });
      assert.deepEqual(await store().holdings(), {
        blobs: presentOf(old, change.newBlob),
        changes: [],
      });
      commit.release();
      assert.deepEqual(await writing, { kind: 'fenced' });
      await assertReads(store(), id, 'large', 1);
    });

    it('leaves a blob that no row names to the sweep for orphans', async () => {
      const blob = await arrange(store(), id, 'large', 1);
      await arrange(store(), id, 'nothing');
      await store().atRest();
      const { changeId } = await onlyChange();
      await store().engine.discardChange(changeId);
      assert.deepEqual(await store().holdings(), { blobs: presentOf(blob), changes: [] });
      const outcome = await store().engine.reclaimBlob({ blob: blob ?? assert.fail() });
      assert.equal(outcome.kind, 'awaiting-readers');
      await store().cleanUp();
      assert.deepEqual(await store().holdings(), { blobs: [], changes: [] });
    });

    it('does nothing about one that is not on the log', async () => {
      const orphan = await placeOrphan(store(), 'orphan');
      const changeId = changeIdOf(parseBlobName(orphan)?.revision ?? assert.fail());
      const outcome = await withoutWriting(store(), () => store().engine.discardChange(changeId));
      assert.deepEqual(outcome, { kind: 'not-on-log' });
    });

    for (const method of ['fence', 'remove'] as const) {
      it(`keeps it on the log when it fails (${method})`, async () => {
        await arrange(store(), id, 'large', 1);
        await arrange(store(), id, 'large', 2);
        await store().atRest();
        const { changeId } = await onlyChange();
        if (method === 'fence') failNext(store().highVolume, method, unavailable());
        else failNext(store().changeLog, method, unavailable());
        const discarding = store().engine.discardChange(changeId);
        await assert.rejects(discarding, { code: 'TIER_UNAVAILABLE' });
        assert.deepEqual((await store().holdings()).changes, [changeId]);
      });
    }
  });
}

function metadataOf<Found>(head: { metadata: Found } | { kind: 'absent' }): Found {
  assert('metadata' in head);
  return head.metadata;
}
