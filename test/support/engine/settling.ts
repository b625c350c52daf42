import {
  changeIdOf,
  DomainError,
  limits,
  type Change,
  type ChangeId,
  type Revision,
  type SettleOutcome,
  type SettleRequest,
} from '@holdfast/domain';
import assert from 'node:assert/strict';
import { failNext, holdNext } from './hold.js';
import { large, largeBytes } from './payloads.js';
import { arrange, assertReads, noAnswer, presentOf, unavailable } from './situations.js';
import { idOf, useStore, type OpenTiers } from './store-under-test.js';

const id = idOf('settled');

export function describeSettling(openTiers: OpenTiers): void {
  const store = useStore(openTiers);

  function settle(
    changeId: ChangeId,
    how: Partial<Omit<SettleRequest, 'changeId'>> = {},
  ): Promise<SettleOutcome> {
    return store()
      .anotherEngine()
      .settleChange({ changeId, youngChange: 'settle', unnamedBlobs: 'delete', ...how });
  }

  async function onlyChange(): Promise<Change> {
    const [change, ...others] = await store().changes();
    assert(change !== undefined && others.length === 0);
    return change;
  }

  /** A writer of a large object that stands still before its commit. */
  async function pausedWriter(seed: number): Promise<() => Promise<{ readonly kind: string }>> {
    const commit = holdNext(store().highVolume, 'commit');
    const writing = store().put(id, large(seed));
    await commit.reached;
    return () => {
      commit.release();
      return writing;
    };
  }

  describe('a stale intent', () => {
    it('resolves to committed when the row shows what was written, and frees the old blob', async () => {
      const old = await arrange(store(), id, 'large', 1);
      const blob = await arrange(store(), id, 'large', 2);
      await store().atRest();
      const { changeId } = await onlyChange();
      assert.deepEqual(await settle(changeId), {
        kind: 'committed',
        freed: [{ blob: old, size: largeBytes }],
      });
      assert.deepEqual(await store().holdings(), { blobs: presentOf(blob), changes: [] });
    });

    it('resolves to committed when a removal left nothing', async () => {
      const old = await arrange(store(), id, 'large', 1);
      await arrange(store(), id, 'nothing');
      await store().atRest();
      const { changeId } = await onlyChange();
      assert.deepEqual(await settle(changeId), {
        kind: 'committed',
        freed: [{ blob: old, size: largeBytes }],
      });
    });

    it('resolves to superseded when it never committed, and frees the new blob', async () => {
      const old = await arrange(store(), id, 'large', 1);
      const resume = await pausedWriter(2);
      const { changeId, newBlob } = await onlyChange();
      assert.deepEqual(await settle(changeId), {
        kind: 'superseded',
        freed: [{ blob: newBlob, size: largeBytes }],
      });
      assert.deepEqual(await store().holdings(), { blobs: presentOf(old), changes: [] });
      assert.deepEqual(await resume(), { kind: 'fenced' });
    });

    it('resolves to superseded when somebody else wrote', async () => {
      const resume = await pausedWriter(2);
      const blob = await arrange(store(), id, 'large', 3);
      const change = (await store().changes()).find(({ newBlob }) => newBlob !== blob);
      assert(change !== undefined);
      assert.equal((await settle(change.changeId)).kind, 'superseded');
      assert.equal((await resume()).kind, 'stored');
      await store().atRest();
      assert.deepEqual(await store().holdings(), { blobs: presentOf(blob), changes: [] });
    });

    it('resolves to already resolved when it is not on the log', async () => {
      const blob = await arrange(store(), id, 'large', 1);
      await store().atRest();
      const changeId = changeIdOf(blob?.slice(-36) as Revision);
      assert.deepEqual(await settle(changeId), { kind: 'already-resolved' });
      assert.deepEqual((await store().holdings()).blobs, presentOf(blob));
    });

    it('resolves to still young until its deadline, and is left alone', async () => {
      const resume = await pausedWriter(2);
      const { changeId } = await onlyChange();
      store().clock.advance(limits.changeDeadlineMs - 1);
      const outcome = await settle(changeId, { youngChange: 'keep' });
      assert.deepEqual(outcome, { kind: 'still-young' });
      assert.equal((await resume()).kind, 'stored');
      await assertReads(store(), id, 'large', 2);
    });

    it('is young no more at its deadline', async () => {
      const resume = await pausedWriter(2);
      const { changeId } = await onlyChange();
      store().clock.advance(limits.changeDeadlineMs);
      assert.equal((await settle(changeId, { youngChange: 'keep' })).kind, 'superseded');
      assert.deepEqual(await resume(), { kind: 'fenced' });
    });
  });

  describe("a replaced blob in its readers' grace", () => {
    it('is kept, with its entry, while readers may be at it', async () => {
      const old = await arrange(store(), id, 'large', 1);
      const blob = await arrange(store(), id, 'large', 2);
      await store().atRest();
      const { changeId } = await onlyChange();
      for (let times = 0; times < 2; times += 1) {
        assert.deepEqual(await settle(changeId, { unnamedBlobs: 'keep-for-readers' }), {
          kind: 'awaiting-readers',
          freed: [],
        });
      }
      assert.deepEqual(await store().holdings(), {
        blobs: presentOf(old, blob),
        changes: [changeId],
      });
    });

    it('does not hold back the blob of a change that failed', async () => {
      const old = await arrange(store(), id, 'large', 1);
      const resume = await pausedWriter(2);
      const { changeId } = await onlyChange();
      const outcome = await settle(changeId, { unnamedBlobs: 'keep-for-readers' });
      assert.equal(outcome.kind, 'superseded');
      assert.deepEqual(await store().holdings(), { blobs: presentOf(old), changes: [] });
      await resume();
    });

    it('is kept when the loser of a race was to replace it', async () => {
      const old = await arrange(store(), id, 'large', 1);
      const resume = await pausedWriter(2);
      const blob = await arrange(store(), id, 'large', 3);
      await resume();
      await store().atRest();
      assert.deepEqual((await store().holdings()).blobs, presentOf(old, blob));
      await store().cleanUp();
      assert.deepEqual(await store().holdings(), { blobs: presentOf(blob), changes: [] });
    });
  });

  describe('a settle that fails', () => {
    const steps = [
      { name: 'reading the log', fail: () => failNext(store().changeLog, 'get', unavailable()) },
      { name: 'fencing', fail: () => failNext(store().highVolume, 'fence', unavailable()) },
      {
        name: 'reading the row',
        fail: () => failNext(store().highVolume, 'readHead', unavailable()),
      },
      {
        name: 'reading a row of an unknown format',
        fail: () =>
          failNext(
            store().highVolume,
            'readHead',
            new DomainError({ code: 'UNREADABLE', what: 'a row', why: 'it is of the future' }),
          ),
      },
      {
        name: 'deleting the blob',
        fail: () => failNext(store().longTerm, 'remove', unavailable()),
      },
    ];
    for (const { name, fail } of steps) {
      it(`keeps everything, and may be repeated: ${name}`, async () => {
        const old = await arrange(store(), id, 'large', 1);
        const blob = await arrange(store(), id, 'large', 2);
        await store().atRest();
        const { changeId } = await onlyChange();
        fail();
        await assert.rejects(settle(changeId), DomainError);
        const all = { blobs: presentOf(old, blob), changes: [changeId] };
        assert.deepEqual(await store().holdings(), all);
        assert.equal((await settle(changeId)).kind, 'committed');
        assert.deepEqual(await store().holdings(), { blobs: presentOf(blob), changes: [] });
      });
    }

    it('may be repeated when it got no answer to the deletion or to the removal', async () => {
      await arrange(store(), id, 'large', 1);
      const blob = await arrange(store(), id, 'large', 2);
      await store().atRest();
      const { changeId } = await onlyChange();
      failNext(store().longTerm, 'remove', noAnswer(), 'after');
      await assert.rejects(settle(changeId), { code: 'OUTCOME_UNKNOWN' });
      failNext(store().changeLog, 'remove', unavailable());
      await assert.rejects(settle(changeId), { code: 'TIER_UNAVAILABLE' });
      assert.deepEqual(await settle(changeId), { kind: 'committed', freed: [] });
      assert.deepEqual(await store().holdings(), { blobs: presentOf(blob), changes: [] });
    });
  });
}
