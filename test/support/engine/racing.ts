import { limits, type DeleteOutcome, type PutOutcome } from '@holdfast/domain';
import assert from 'node:assert/strict';
import { holdNext } from './hold.js';
import { large } from './payloads.js';
import { arrange, assertReads, bytesOf, presentOf, type Content } from './situations.js';
import { idOf, useStore, type OpenTiers, type StoreUnderTest } from './store-under-test.js';

const id = idOf('contended');
const changesOfLarge = ['large', 'small', 'nothing'] as const;

export function describeRacing(openTiers: OpenTiers): void {
  const store = useStore(openTiers);

  describe('losing a race', () => {
    for (const before of ['nothing', 'large'] as const) {
      for (const winner of ['large', 'small'] as const) {
        it(`answers the large writer OK that lost to a ${winner} one over ${before}`, async () => {
          await arrange(store(), id, before, 1);
          const loser = await heldAtCommit(store(), 'large', 2);
          const won = await arrange(store(), id, winner, 3);
          assert.equal((await loser.finish()).kind, 'stored');
          await store().atRest();
          await assertReads(store(), id, winner, 3);
          await store().cleanUp();
          await assertReads(store(), id, winner, 3);
          assert.deepEqual(await store().holdings(), { blobs: presentOf(won), changes: [] });
        });
      }
    }

    it('removes the blob of the loser at once, for nobody can have read it', async () => {
      const loser = await heldAtCommit(store(), 'large', 2);
      const won = await arrange(store(), id, 'large', 3);
      await loser.finish();
      await store().atRest();
      assert.deepEqual(await store().holdings(), { blobs: presentOf(won), changes: [] });
    });

    it('answers OK to the small writer that lost over a large object', async () => {
      await arrange(store(), id, 'large', 1);
      const loser = await heldAtCommit(store(), 'small', 2);
      const won = await arrange(store(), id, 'large', 3);
      assert.equal((await loser.finish()).kind, 'stored');
      await store().cleanUp();
      await assertReads(store(), id, 'large', 3);
      assert.deepEqual(await store().holdings(), { blobs: presentOf(won), changes: [] });
    });

    it('answers success to the delete that lost to a put, which stays', async () => {
      await arrange(store(), id, 'large', 1);
      const loser = await heldAtCommit(store(), 'nothing', 2);
      const won = await arrange(store(), id, 'large', 3);
      assert.equal((await loser.finish()).kind, 'deleted');
      await store().cleanUp();
      await assertReads(store(), id, 'large', 3);
      assert.deepEqual(await store().holdings(), { blobs: presentOf(won), changes: [] });
    });

    it('answers success to both of two deletes', async () => {
      await arrange(store(), id, 'large', 1);
      const loser = await heldAtCommit(store(), 'nothing', 2);
      assert.equal((await store().engine.deleteObject({ id })).kind, 'deleted');
      assert.equal((await loser.finish()).kind, 'deleted');
      await store().cleanUp();
      assert.deepEqual(await store().holdings(), { blobs: [], changes: [] });
    });

    it('is told to try again when the row was emptied since: it may have expired', async () => {
      await arrange(store(), id, 'large', 1);
      const loser = await heldAtCommit(store(), 'large', 2);
      await store().engine.deleteObject({ id });
      assert.deepEqual(await loser.finish(), { kind: 'fenced' });
      await store().cleanUp();
      assert.deepEqual(await store().holdings(), { blobs: [], changes: [] });
    });

    it('is told to try again when the winner had a condition', async () => {
      const loser = await heldAtCommit(store(), 'large', 2);
      const condition = { kind: 'if-absent' } as const;
      assert.equal((await store().put(id, large(3), { condition })).kind, 'stored');
      assert.deepEqual(await loser.finish(), { kind: 'fenced' });
      await assertReads(store(), id, 'large', 3);
    });

    it('leaves one object and one blob of many writers at once', async () => {
      const seeds = [1, 2, 3, 4, 5, 6, 7, 8];
      const outcomes = await Promise.all(seeds.map((seed) => store().put(id, large(seed))));
      assert.deepEqual(
        outcomes.filter(({ kind }) => kind !== 'stored'),
        [],
      );
      await store().cleanUp();
      const { blobs, changes } = await store().holdings();
      assert.equal(blobs.length, 1);
      assert.deepEqual(changes, []);
      const bytes = await store().fetch(id);
      const written = seeds.map((seed) => Buffer.from(large(seed)).toString('hex'));
      assert(bytes !== undefined && written.includes(Buffer.from(bytes).toString('hex')));
    });
  });

  describe('being fenced', () => {
    for (const content of changesOfLarge) {
      it(`is never answered OK: ${content} over large`, async () => {
        const old = await arrange(store(), id, 'large', 1);
        const writer = await heldAtCommit(store(), content, 2);
        const [change] = await store().changes();
        assert(change !== undefined);
        const settled = await store().anotherEngine().settleChange({
          changeId: change.changeId,
          youngChange: 'settle',
          unnamedBlobs: 'delete',
        });
        assert.equal(settled.kind, 'superseded');
        assert.deepEqual(await writer.finish(), { kind: 'fenced' });
        await assertReads(store(), id, 'large', 1);
        await store().cleanUp();
        assert.deepEqual(await store().holdings(), { blobs: presentOf(old), changes: [] });
      });

      it(`does not stand in the way of trying again: ${content} over large`, async () => {
        await arrange(store(), id, 'large', 1);
        const writer = await heldAtCommit(store(), content, 2);
        const [change] = await store().changes();
        assert(change !== undefined);
        await store().tiers.highVolume.fence(id, change.changeId);
        assert.deepEqual(await writer.finish(), { kind: 'fenced' });
        const blob = await arrange(store(), id, content, 2);
        await assertReads(store(), id, content, 2);
        await store().cleanUp();
        assert.deepEqual(await store().holdings(), { blobs: presentOf(blob), changes: [] });
      });
    }

    it('is what happens to the oldest of more writers than a row has intents for', async () => {
      const writers = await heldWriters(store(), limits.intentsPerRowMax + 1);
      const [oldest, next, ...others] = writers;
      assert.deepEqual(await oldest?.finish(), { kind: 'fenced' });
      assert.equal((await next?.finish())?.kind, 'stored');
      for (const other of others) await other.finish();
      await assertReads(store(), id, 'large', 1);
      await store().atRest();
      assert.equal((await store().holdings()).blobs.length, 1);
      assert.deepEqual((await store().holdings()).changes, []);
    });

    it('does not happen to as many writers as a row has intents for', async () => {
      const [oldest, ...others] = await heldWriters(store(), limits.intentsPerRowMax);
      assert.equal((await oldest?.finish())?.kind, 'stored');
      for (const other of others) assert.equal((await other.finish()).kind, 'stored');
      await assertReads(store(), id, 'large', 0);
    });
  });
}

interface HeldWriter {
  finish(): Promise<PutOutcome | DeleteOutcome>;
}

/** Writers that began one after the other, of the seeds 0, 1, 2 and so on. */
async function heldWriters(store: StoreUnderTest, count: number): Promise<readonly HeldWriter[]> {
  const writers: HeldWriter[] = [];
  for (let seed = 0; seed < count; seed += 1) {
    writers.push(await heldAtCommit(store, 'large', seed));
  }
  return writers;
}

/** A writer that has done everything but its commit, and stands still before it. */
async function heldAtCommit(
  store: StoreUnderTest,
  content: Content,
  seed: number,
): Promise<HeldWriter> {
  const commit = holdNext(store.highVolume, 'commit');
  const bytes = bytesOf(content, seed);
  const writing = bytes === undefined ? store.engine.deleteObject({ id }) : store.put(id, bytes);
  await Promise.race([commit.reached, writing]);
  return {
    finish() {
      commit.release();
      return writing;
    },
  };
}
