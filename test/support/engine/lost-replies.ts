import { blobNameOf } from '@holdfast/domain';
import assert from 'node:assert/strict';
import { beforeNext, failNext, holdNext } from './hold.js';
import { large, small } from './payloads.js';
import {
  arrange,
  assertReads,
  bytesOf,
  noAnswer,
  presentOf,
  unavailable,
  type Content,
} from './situations.js';
import { expiringAfter, idOf, useStore, type OpenTiers } from './store-under-test.js';

const id = idOf('unheard');
const swaps = [
  { from: 'nothing', to: 'large', answer: 'stored' },
  { from: 'small', to: 'large', answer: 'stored' },
  { from: 'large', to: 'large', answer: 'stored' },
  { from: 'large', to: 'small', answer: 'stored' },
  { from: 'large', to: 'nothing', answer: 'deleted' },
] as const;

export function describeLostReplies(openTiers: OpenTiers): void {
  const store = useStore(openTiers);

  async function attempt(content: Content): Promise<{ readonly kind: string }> {
    const bytes = bytesOf(content, 2);
    return bytes === undefined ? store().engine.deleteObject({ id }) : store().put(id, bytes);
  }

  describe('a commit whose reply is lost', () => {
    for (const { from, to, answer } of swaps) {
      it(`is recognised after its effect, and the old blob goes: ${to} over ${from}`, async () => {
        const old = await arrange(store(), id, from, 1);
        failNext(store().highVolume, 'commit', noAnswer(), 'after');
        assert.equal((await attempt(to)).kind, answer);
        await assertReads(store(), id, to, 2);
        await store().cleanUp();
        await assertReads(store(), id, to, 2);
        const { blobs, changes } = await store().holdings();
        assert.equal(blobs.length, to === 'large' ? 1 : 0);
        assert(old === undefined || !blobs.includes(old));
        assert.deepEqual(changes, []);
      });

      // An empty row cannot tell: it may have been written and emptied since.
      const code = from === 'nothing' ? 'OUTCOME_UNKNOWN' : 'TIER_UNAVAILABLE';

      it(`is told as ${code} without its effect, and leaves nothing: ${to} over ${from}`, async () => {
        const old = await arrange(store(), id, from, 1);
        await store().atRest();
        failNext(store().highVolume, 'commit', noAnswer());
        await assert.rejects(attempt(to), { code });
        await store().atRest();
        if (from === 'nothing') await store().cleanUp();
        await assertReads(store(), id, from, 1);
        assert.deepEqual(await store().holdings(), { blobs: presentOf(old), changes: [] });
        assert.deepEqual(store().jobs, []);
      });

      it(`changes nothing when it arrives after its writer gave up: ${to} over ${from}`, async () => {
        await arrange(store(), id, from, 1);
        let arrive: (() => Promise<string>) | undefined;
        const unhook = store().highVolume.hook('commit', {
          instead: async (...sent) => {
            arrive = () => store().tiers.highVolume.commit(...sent);
            throw noAnswer();
          },
        });
        await assert.rejects(attempt(to), { code });
        unhook();
        assert.equal(await arrive?.(), 'refused');
        await assertReads(store(), id, from, 1);
      });
    }

    for (const [size, bytes] of [['small', small(2)] as const, ['large', large(2)] as const]) {
      it(`is recognised after its effect: conditional put, ${size}`, async () => {
        const { revision } = await store().store(id, large(1));
        failNext(store().highVolume, 'commit', noAnswer(), 'after');
        await store().store(id, bytes, { condition: { kind: 'if-revision', revision } });
        await assertReads(store(), id, size, 2);
        await store().cleanUp();
        const { blobs, changes } = await store().holdings();
        assert.deepEqual([blobs.length, changes.length], [size === 'large' ? 1 : 0, 0]);
      });
    }

    for (const [size, bytes] of [['small', small(2)] as const, ['large', large(2)] as const]) {
      it(`had no effect when the row still is as it was: conditional put, ${size}`, async () => {
        const { revision } = await store().store(id, small(1));
        failNext(store().highVolume, 'commit', noAnswer());
        const condition = { kind: 'if-revision', revision } as const;
        const writing = store().put(id, bytes, { condition });
        await assert.rejects(writing, { code: 'TIER_UNAVAILABLE' });
        await store().atRest();
        await assertReads(store(), id, 'small', 1);
        assert.deepEqual(await store().holdings(), { blobs: [], changes: [] });
      });
    }

    for (const whose of ['had expired before', 'expired meanwhile']) {
      it(`had no effect when the row still is as it was, and ${whose}`, async () => {
        const ttlMs = 1_000;
        const { revision } = await store().store(id, large(1), expiringAfter(ttlMs));
        await store().atRest();
        if (whose === 'had expired before') store().clock.advance(ttlMs);
        else beforeNext(store().highVolume, 'fence', () => store().clock.advance(ttlMs));
        failNext(store().highVolume, 'commit', noAnswer());
        await assert.rejects(attempt('large'), { code: 'TIER_UNAVAILABLE' });
        await store().atRest();
        const blobs = [blobNameOf(id, revision)];
        assert.deepEqual(await store().holdings(), { blobs, changes: [] });
      });
    }

    it('stays unknown when the row was emptied meanwhile', async () => {
      await arrange(store(), id, 'large', 1);
      const fence = holdNext(store().highVolume, 'fence');
      failNext(store().highVolume, 'commit', noAnswer(), 'after');
      const writing = store().put(id, large(2));
      await fence.reached;
      await arrange(store(), id, 'nothing');
      fence.release();
      await assert.rejects(writing, { code: 'OUTCOME_UNKNOWN' });
      await store().cleanUp();
      assert.deepEqual(await store().holdings(), { blobs: [], changes: [] });
    });

    it('is OK when the row was overwritten meanwhile: the last writer wins', async () => {
      const fence = holdNext(store().highVolume, 'fence');
      failNext(store().highVolume, 'commit', noAnswer(), 'after');
      const writing = store().put(id, large(2));
      await fence.reached;
      const won = await arrange(store(), id, 'large', 3);
      fence.release();
      assert.equal((await writing).kind, 'stored');
      await store().cleanUp();
      await assertReads(store(), id, 'large', 3);
      assert.deepEqual(await store().holdings(), { blobs: presentOf(won), changes: [] });
    });

    it('stays unknown for a conditional put when the row was overwritten meanwhile', async () => {
      const fence = holdNext(store().highVolume, 'fence');
      failNext(store().highVolume, 'commit', noAnswer(), 'after');
      const writing = store().put(id, large(2), { condition: { kind: 'if-absent' } });
      await fence.reached;
      await arrange(store(), id, 'large', 3);
      fence.release();
      await assert.rejects(writing, { code: 'OUTCOME_UNKNOWN' });
    });

    for (const method of ['fence', 'readHead'] as const) {
      it(`is unknown while the row is out of reach (${method}), and loses nothing`, async () => {
        const old = await arrange(store(), id, 'large', 1);
        const commit = holdNext(store().highVolume, 'commit', 'after');
        failNext(store().highVolume, 'commit', noAnswer(), 'after');
        const writing = store().put(id, large(2));
        await commit.reached;
        failNext(store().highVolume, method, unavailable());
        commit.release();
        await assert.rejects(writing, { code: 'OUTCOME_UNKNOWN' });
        await store().atRest();
        const { blobs, changes } = await store().holdings();
        assert.equal(blobs.length, 2);
        assert.equal(changes.length, 1);
        await store().cleanUp();
        await assertReads(store(), id, 'large', 2);
        const after = await store().holdings();
        assert(old !== undefined && !after.blobs.includes(old));
        assert.deepEqual([after.blobs.length, after.changes.length], [1, 0]);
      });
    }
  });

  describe('an inline write whose reply is lost', () => {
    it('is recognised after its effect', async () => {
      failNext(store().highVolume, 'putInline', noAnswer(), 'after');
      assert.equal((await store().put(id, small(2))).kind, 'stored');
      await assertReads(store(), id, 'small', 2);
    });

    it('is unknown without its effect, and is sent only once', async () => {
      let sent = 0;
      store().highVolume.hook('putInline', { before: () => void (sent += 1) });
      failNext(store().highVolume, 'putInline', noAnswer());
      await assert.rejects(store().put(id, small(2)), { code: 'OUTCOME_UNKNOWN' });
      assert.equal(sent, 1);
      await assertReads(store(), id, 'nothing');
    });

    it('is unknown when the row shows somebody else, or cannot be read', async () => {
      const reading = holdNext(store().highVolume, 'readHead');
      failNext(store().highVolume, 'putInline', noAnswer(), 'after');
      const writing = store().put(id, small(2));
      await reading.reached;
      await arrange(store(), id, 'small', 3);
      reading.release();
      await assert.rejects(writing, { code: 'OUTCOME_UNKNOWN' });
      await assertReads(store(), id, 'small', 3);

      failNext(store().highVolume, 'putInline', noAnswer(), 'after');
      failNext(store().highVolume, 'readHead', unavailable());
      await assert.rejects(store().put(id, small(4)), { code: 'OUTCOME_UNKNOWN' });
    });

    it('had no effect when the store says so', async () => {
      failNext(store().highVolume, 'putInline', unavailable());
      await assert.rejects(store().put(id, small(2)), { code: 'TIER_UNAVAILABLE' });
      failNext(store().highVolume, 'deleteInline', unavailable());
      await assert.rejects(store().engine.deleteObject({ id }), { code: 'TIER_UNAVAILABLE' });
    });

    it('stays unknown for a removal, which may be asked for again', async () => {
      await arrange(store(), id, 'small', 1);
      failNext(store().highVolume, 'deleteInline', noAnswer(), 'after');
      await assert.rejects(store().engine.deleteObject({ id }), { code: 'OUTCOME_UNKNOWN' });
      assert.deepEqual(await store().engine.deleteObject({ id }), { kind: 'deleted' });
      await assertReads(store(), id, 'nothing');
    });
  });
}
