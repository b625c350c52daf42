import { blobNameOf, type StoragePath } from '@holdfast/domain';
import assert from 'node:assert/strict';
import { beforeNext, failNext } from './hold.js';
import { large, largeBytes, small } from './payloads.js';
import { assertReads, unavailable } from './situations.js';
import { expiringAfter, idOf, useStore, type OpenTiers } from './store-under-test.js';

const id = idOf('overdue');
const ttlMs = 60_000;
const sweep = { examinedMax: 100 };

export function describeExpiringRows(openTiers: OpenTiers): void {
  const store = useStore(openTiers);

  describe('expiring an object', () => {
    it('empties its row and leaves its blob to cleanup', async () => {
      const { revision } = await store().store(id, large(), expiringAfter(ttlMs));
      await store().atRest();
      store().clock.advance(ttlMs);
      const outcome = await store().engine.expireObject({ id, revision });
      const blob = blobNameOf(id, revision);
      assert.deepEqual(outcome, { kind: 'expired', blob });
      assert.deepEqual(await store().tiers.highVolume.readHead(id), { kind: 'absent' });
      await store().atRest();
      assert.deepEqual((await store().holdings()).blobs, [blob]);
      await store().cleanUp();
      assert.deepEqual(await store().holdings(), { blobs: [], changes: [] });
    });

    it('empties the row of a small one', async () => {
      const { revision } = await store().store(id, small(), expiringAfter(ttlMs));
      store().clock.advance(ttlMs);
      const outcome = await store().engine.expireObject({ id, revision });
      assert.deepEqual(outcome, { kind: 'expired', blob: undefined });
      assert.deepEqual(await store().tiers.highVolume.readHead(id), { kind: 'absent' });
      assert.deepEqual(await store().engine.expireObject({ id, revision }), { kind: 'unchanged' });
    });

    it('changes nothing while it is live', async () => {
      const { revision } = await store().store(id, large(), expiringAfter(ttlMs));
      store().clock.advance(ttlMs - 1);
      assert.deepEqual(await store().engine.expireObject({ id, revision }), { kind: 'unchanged' });
      await assertReads(store(), id, 'large', 1);
    });

    it('changes nothing when it was written anew, expired or not', async () => {
      const { revision } = await store().store(id, large(1), expiringAfter(ttlMs));
      store().clock.advance(ttlMs);
      await store().store(id, large(2), expiringAfter(ttlMs));
      assert.deepEqual(await store().engine.expireObject({ id, revision }), { kind: 'unchanged' });
      await assertReads(store(), id, 'large', 2);
      store().clock.advance(ttlMs);
      assert.deepEqual(await store().engine.expireObject({ id, revision }), { kind: 'unchanged' });
    });

    for (const [size, bytes] of [['small', small(2)] as const, ['large', large(2)] as const]) {
      it(`never takes what is written while it is at work: ${size}`, async () => {
        const { revision } = await store().store(id, large(1), expiringAfter(ttlMs));
        store().clock.advance(ttlMs);
        beforeNext(store().highVolume, 'commit', async () => {
          await store().store(id, bytes);
        });
        const outcome = await store().engine.expireObject({ id, revision });
        assert.deepEqual(outcome, { kind: 'unchanged' });
        await assertReads(store(), id, size, 2);
        await store().cleanUp();
        await assertReads(store(), id, size, 2);
        assert.equal((await store().holdings()).blobs.length, size === 'large' ? 1 : 0);
      });
    }
  });

  describe('expiring an object whose change is fenced', () => {
    for (const [size, bytes] of [['small', small()] as const, ['large', large()] as const]) {
      it(`changes nothing, and may be repeated: ${size}`, async () => {
        const { revision } = await store().store(id, bytes, expiringAfter(ttlMs));
        await store().atRest();
        store().clock.advance(ttlMs);
        const before = await store().tiers.highVolume.readHead(id);
        const held = await store().holdings();
        const unhook = store().highVolume.hook('commit', {
          before: (_, changeId) => store().tiers.highVolume.fence(id, changeId),
        });
        const outcome = await store().engine.expireObject({ id, revision });
        assert.deepEqual(outcome, { kind: 'unchanged' });
        unhook();
        await store().atRest();
        assert.deepEqual(await store().tiers.highVolume.readHead(id), before);
        assert.deepEqual(await store().holdings(), held);
        assert.equal((await store().engine.expireObject({ id, revision })).kind, 'expired');
      });
    }
  });

  describe('a sweep for expired objects', () => {
    it('empties the rows whose time has come, and no others', async () => {
      for (const key of ['a', 'c']) await store().store(idOf(key), large(), expiringAfter(ttlMs));
      await store().store(idOf('b'), small(1), expiringAfter(ttlMs + 1));
      await store().store(idOf('d'), small(1));
      store().clock.advance(ttlMs);
      const report = await store().engine.expireObjects(sweep);
      assert.deepEqual(report, {
        examined: 4,
        expired: 2,
        counts: [{ usecase: 'engine', examined: 4, removed: 2, freedBytes: 2 * largeBytes }],
        failed: [],
        undecided: [],
        truncated: false,
      });
      await assertReads(store(), idOf('b'), 'small', 1);
      await store().cleanUp();
      assert.deepEqual(await store().holdings(), { blobs: [], changes: [] });
    });

    it('looks at no more than it may, and goes on where it ended', async () => {
      for (const key of ['a', 'b', 'c', 'd', 'e']) {
        await store().store(idOf(key), small(), expiringAfter(ttlMs));
      }
      store().clock.advance(ttlMs);
      let expired = 0;
      let after: StoragePath | undefined;
      do {
        const report = await store().engine.expireObjects({ after, examinedMax: 2 });
        assert(report.examined <= 2);
        expired += report.expired;
        after = report.next;
      } while (after !== undefined);
      assert.equal(expired, 5);
    });

    it('only counts as a dry run, and removes nothing', async () => {
      await store().store(idOf('a'), large(), expiringAfter(ttlMs));
      await store().store(idOf('b'), small(), expiringAfter(ttlMs));
      await store().store(idOf('c'), small());
      await store().atRest();
      store().clock.advance(ttlMs);
      const freedBytes = largeBytes + small().length;
      const counts = [{ usecase: 'engine', examined: 3, removed: 2, freedBytes }];
      const forbidden = () => assert.fail('a dry run writes');
      const unhook = store().highVolume.hook('begin', { before: forbidden });
      const dry = await store().engine.expireObjects({ ...sweep, dryRun: true });
      unhook();
      assert.deepEqual([dry.expired, dry.counts], [2, counts]);
      const real = await store().engine.expireObjects(sweep);
      assert.deepEqual([real.expired, real.counts], [2, counts]);
    });

    it('ends when its time is over, and goes on at the next row', async () => {
      for (const key of ['a', 'b', 'c', 'd', 'e']) {
        await store().store(idOf(key), small(), expiringAfter(ttlMs));
      }
      store().clock.advance(ttlMs);
      store().highVolume.hook('begin', { before: () => store().clock.advance(60) });
      const done: number[] = [];
      let after: StoragePath | undefined;
      do {
        const report = await store().engine.expireObjects({ ...sweep, after, timeMsMax: 100 });
        assert.equal(report.examined, report.expired);
        done.push(report.expired);
        after = report.next;
      } while (after !== undefined);
      assert.deepEqual(done, [2, 2, 1]);
    });

    it('reports what could not be expired, leaves it, and goes on', async () => {
      for (const key of ['a', 'b']) await store().store(idOf(key), large(), expiringAfter(ttlMs));
      store().clock.advance(ttlMs);
      const cause = unavailable();
      failNext(store().highVolume, 'begin', cause);
      const report = await store().engine.expireObjects(sweep);
      assert.equal(report.expired, 1);
      assert.deepEqual(
        report.failed.map((failure) => [failure.id.key, failure.cause]),
        [['a', cause]],
      );
      await assertReads(store(), idOf('a'), 'nothing');
      assert.equal((await store().engine.expireObjects(sweep)).expired, 1);
    });
  });
}
