import { limits, type BlobName } from '@holdfast/domain';
import assert from 'node:assert/strict';
import { failAll } from './hold.js';
import { arrange, assertReads, contents, presentOf, unavailable } from './situations.js';
import { idOf, useStore, type OpenTiers, type StoreUnderTest } from './store-under-test.js';

const id = idOf('replaced');
const replacements = [
  { from: 'large', to: 'large', sentence: 'large over large' },
  { from: 'large', to: 'small', sentence: 'small over large' },
  { from: 'large', to: 'nothing', sentence: 'delete of large' },
] as const;

export function describeReplacing(openTiers: OpenTiers): void {
  describe('replacing an object', () => {
    const store = useStore(openTiers);

    for (const from of contents) {
      for (const to of contents) {
        it(`leaves exactly what ${to} over ${from} needs, once cleanup is done`, async () => {
          await arrange(store(), id, from, 1);
          const blob = await arrange(store(), id, to, 2);
          await assertReads(store(), id, to, 2);
          await store().cleanUp();
          await assertReads(store(), id, to, 2);
          assert.deepEqual(await store().holdings(), { blobs: presentOf(blob), changes: [] });
          const kinds = { nothing: 'absent', small: 'inline', large: 'tombstone' } as const;
          assert.equal((await store().tiers.highVolume.readHead(id)).kind, kinds[to]);
        });
      }
    }

    it('leaves no inline payload behind a tombstone', async () => {
      await arrange(store(), id, 'small');
      await arrange(store(), id, 'large', 2);
      const row = await store().tiers.highVolume.read(id);
      assert.equal(row.kind, 'tombstone');
      assert.equal('payload' in row, false);
    });

    for (const { from, to, sentence } of replacements) {
      it(`keeps the replaced blob for the readers' grace: ${sentence}`, async () => {
        const old = await arrange(store(), id, from, 1);
        const now = store().clock.now();
        const blob = await arrange(store(), id, to, 2);
        await store().atRest();
        assert.deepEqual((await store().holdings()).blobs, presentOf(old, blob));
        const [change, ...others] = await store().changes();
        assert(change !== undefined && others.length === 0);
        const until = now + limits.readerGraceMs;
        assert.deepEqual([change.newBlob, change.oldBlob], [undefined, old]);
        assert.equal(change.readersUntil, until);
        assert.equal(change.deadline, now + limits.changeDeadlineMs);
        const job = { kind: 'settle-change', changeId: change.changeId };
        assert.deepEqual(store().jobs, [{ job, notBefore: until }]);
      });

      it(`succeeds although the old blob cannot be deleted now: ${sentence}`, async () => {
        const old = await arrange(store(), id, from, 1);
        const heal = failAll(store().longTerm, 'remove', unavailable());
        const blob = await arrange(store(), id, to, 2);
        await assertReads(store(), id, to, 2);
        await assertStays(store(), old, blob);

        heal();
        const [change] = await store().changes();
        assert(change !== undefined);
        const settled = await store().engine.settleChange({
          changeId: change.changeId,
          youngChange: 'settle',
          unnamedBlobs: 'delete',
        });
        assert.equal(settled.kind, 'committed');
        assert.deepEqual(await store().holdings(), { blobs: presentOf(blob), changes: [] });
        await assertReads(store(), id, to, 2);
      });
    }

    it('keeps each of two blobs that were replaced soon after each other for its own grace', async () => {
      const first = await arrange(store(), id, 'large', 1);
      const second = await arrange(store(), id, 'large', 2);
      await store().atRest();
      store().clock.advance(limits.readerGraceMs - 1);
      const third = await arrange(store(), id, 'large', 3);
      await store().atRest();
      await store().work();
      assert.deepEqual((await store().holdings()).blobs, presentOf(first, second, third));
      store().clock.advance(1);
      await store().work();
      assert.deepEqual((await store().holdings()).blobs, presentOf(second, third));
      store().clock.advance(limits.readerGraceMs - 2);
      await store().work();
      assert.deepEqual((await store().holdings()).blobs, presentOf(second, third));
      store().clock.advance(1);
      await store().work();
      assert.deepEqual(await store().holdings(), { blobs: presentOf(third), changes: [] });
      await assertReads(store(), id, 'large', 3);
    });

    it('tells what a delete displaced', async () => {
      const old = await arrange(store(), id, 'large');
      const outcome = await store().engine.deleteObject({ id });
      assert.deepEqual(outcome, { kind: 'deleted', displaced: old });
    });

    it('leaves the objects of other keys alone', async () => {
      const neighbour = idOf('replaced/');
      const kept = await arrange(store(), neighbour, 'large', 5);
      await arrange(store(), id, 'large', 1);
      await arrange(store(), id, 'nothing');
      await store().cleanUp();
      await assertReads(store(), neighbour, 'large', 5);
      assert.deepEqual(await store().holdings(), { blobs: presentOf(kept), changes: [] });
    });
  });
}

/** On the log and on the queue until the blob is gone, however often cleanup fails. */
async function assertStays(
  store: StoreUnderTest,
  old: BlobName | undefined,
  blob: BlobName | undefined,
): Promise<void> {
  await store.atRest();
  const queued = store.jobs.map(({ job }) => job.kind === 'settle-change' && job.changeId);
  await assert.rejects(store.cleanUp(), { code: 'TIER_UNAVAILABLE' });
  const held = await store.holdings();
  assert.deepEqual(held.blobs, presentOf(old, blob));
  assert.equal(held.changes.length, 1);
  assert.deepEqual(held.changes, queued);
}
