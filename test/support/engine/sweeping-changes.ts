import { changeIdOf, limits, type ChangeId } from '@holdfast/domain';
import assert from 'node:assert/strict';
import { failNext, holdNext } from './hold.js';
import { large, largeBytes } from './payloads.js';
import { unavailable } from './situations.js';
import { idOf, useStore, type OpenTiers, type StoreUnderTest } from './store-under-test.js';

const deadlineMs = limits.changeDeadlineMs;
const keys = ['a', 'b', 'c', 'd', 'e'];

export function describeSweepingChanges(openTiers: OpenTiers): void {
  describe('a sweep of the change log', () => {
    const store = useStore(openTiers);

    it('settles what is due and nothing else', async () => {
      const early = await leaveChanges(store(), ['a', 'b']);
      store().clock.advance(1);
      const late = await leaveChanges(store(), ['c']);
      store().clock.advance(deadlineMs - 1);
      const report = await store().engine.recoverChanges({ examinedMax: 100 });
      assert.deepEqual([report.settled, report.freed.length], [early.length, 2]);
      assert.deepEqual((await store().holdings()).changes, late);
      store().clock.advance(1);
      await store().engine.recoverChanges({ examinedMax: 100 });
      assert.deepEqual((await store().holdings()).changes, []);
    });

    it('looks at no more than it may, and goes on from its cursor', async () => {
      await leaveChanges(store(), keys);
      store().clock.advance(deadlineMs);
      const pages: number[] = [];
      let after: ChangeId | undefined;
      do {
        const report = await store().engine.recoverChanges({ after, examinedMax: 2 });
        pages.push(report.settled);
        after = report.next;
      } while (after !== undefined);
      assert.deepEqual(pages, [2, 2, 1]);
      assert.deepEqual((await store().holdings()).changes, []);
      assert.equal((await store().holdings()).blobs.length, keys.length);
    });

    it('reports what could not be settled, leaves it, and goes on', async () => {
      const [first, ...others] = await leaveChanges(store(), keys);
      store().clock.advance(deadlineMs);
      const cause = unavailable();
      failNext(store().longTerm, 'remove', cause);
      const report = await store().engine.recoverChanges({ examinedMax: 100 });
      assert.deepEqual(report.failed, [{ changeId: first, cause }]);
      assert.equal(report.settled, others.length);
      assert.deepEqual((await store().holdings()).changes, [first]);
    });

    it('finds what dead writers left, and deletes it once readers have had their time', async () => {
      const held = holdNext(store().highVolume, 'commit');
      const writing = store().put(idOf('a'), large());
      await held.reached;
      const { blobs, changes } = await store().holdings();
      store().clock.advance(deadlineMs);
      const found = await store().engine.recoverChanges({ examinedMax: 100 });
      assert.deepEqual([found.settled, found.awaitingReaders, found.freed], [0, 1, []]);
      store().clock.advance(limits.readerGraceMs - 1);
      const early = await store().engine.recoverChanges({ examinedMax: 100 });
      assert.deepEqual([early.settled, early.awaitingReaders, early.freed], [0, 0, []]);
      assert.deepEqual(await store().holdings(), { blobs, changes });
      store().clock.advance(1);
      const due = await store().engine.recoverChanges({ examinedMax: 100 });
      assert.deepEqual([due.settled, due.awaitingReaders], [1, 0]);
      assert.deepEqual(due.freed, [{ blob: blobs[0], size: largeBytes }]);
      assert.deepEqual(await store().holdings(), { blobs: [], changes: [] });
      held.release();
      assert.deepEqual(await writing, { kind: 'fenced' });
    });

    it('does nothing when it is told to stop before it began', async () => {
      const changes = await leaveChanges(store(), keys);
      store().clock.advance(deadlineMs);
      const signal = AbortSignal.abort();
      const report = await store().engine.recoverChanges({ examinedMax: 100, signal });
      assert.deepEqual([report.settled, report.truncated, report.next], [0, true, undefined]);
      assert.deepEqual((await store().holdings()).changes, changes);
    });
  });
}

/** A large object replaced by another, under each key; the changes wait for their cleanup. */
async function leaveChanges(
  store: StoreUnderTest,
  names: readonly string[],
): Promise<readonly ChangeId[]> {
  const changes: ChangeId[] = [];
  for (const name of names) {
    await store.store(idOf(name), large(1));
    const { revision } = await store.store(idOf(name), large(2));
    await store.atRest();
    changes.push(
      (await store.holdings()).changes.find((id) => id === changeIdOf(revision)) ?? assert.fail(),
    );
  }
  return changes;
}
