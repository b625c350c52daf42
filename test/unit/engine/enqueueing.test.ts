import { changeIdOf, limits, type ChangeId } from '@holdfast/domain';
import assert from 'node:assert/strict';
import { createGate, failAll, failNext } from '../../support/engine/hold.js';
import { large, small } from '../../support/engine/payloads.js';
import { arrange, assertReads, noAnswer, unavailable } from '../../support/engine/situations.js';
import { expiringAfter, idOf, useStore } from '../../support/engine/store-under-test.js';
import { openMemoryTiers } from '../../support/memory-tiers.js';

const id = idOf('enqueueing');
const drainMs = 25_000;

describe('What a write leaves to delete', () => {
  const store = useStore(openMemoryTiers);

  /** The change that is left on the log, and nothing else is. */
  async function onlyChange(): Promise<ChangeId> {
    await store().atRest();
    const [changeId, ...others] = (await store().holdings()).changes;
    assert.deepEqual(others, []);
    return changeId ?? assert.fail('a change is left');
  }

  const writes = [
    ['a large object over a large one', () => store().store(id, large(2))],
    ['a small object over a large one', () => store().store(id, small())],
    ['the deletion of a large object', () => store().engine.deleteObject({ id })],
  ] as const;
  for (const [name, write] of writes) {
    it(`is queued once, for when the readers have had their time: ${name}`, async () => {
      await arrange(store(), id, 'large', 1);
      await store().atRest();
      const notBefore = store().clock.now() + limits.readerGraceMs;
      await write();
      const changeId = await onlyChange();
      assert.deepEqual(store().jobs, [{ job: { kind: 'settle-change', changeId }, notBefore }]);
    });

    it(`is queued once also when the reply to its commit is lost: ${name}`, async () => {
      await arrange(store(), id, 'large', 1);
      await store().atRest();
      failNext(store().highVolume, 'commit', noAnswer(), 'after');
      await write();
      const changeId = await onlyChange();
      assert.deepEqual(
        store().jobs.map(({ job }) => job),
        [{ kind: 'settle-change', changeId }],
      );
    });
  }

  it('is queued when an expired object is taken out of its row', async () => {
    const { revision } = await store().store(id, large(), expiringAfter(1_000));
    await store().atRest();
    store().clock.advance(1_000);
    await store().engine.expireObject({ id, revision });
    const changeId = await onlyChange();
    assert.deepEqual(
      store().jobs.map(({ job }) => job),
      [{ kind: 'settle-change', changeId }],
    );
  });

  it('is nothing, and nothing is queued, where no blob was replaced', async () => {
    await arrange(store(), id, 'large', 1);
    await arrange(store(), idOf('other'), 'small', 1);
    await arrange(store(), idOf('other'), 'nothing');
    await store().atRest();
    assert.deepEqual(store().jobs, []);
    assert.deepEqual((await store().holdings()).changes, []);
  });

  it('is removed at once, and nothing is queued, where the write had no effect', async () => {
    failNext(store().highVolume, 'commit', unavailable());
    await assert.rejects(store().put(id, large()), { code: 'TIER_UNAVAILABLE' });
    await store().atRest();
    assert.deepEqual(store().jobs, []);
    assert.deepEqual(await store().holdings(), { blobs: [], changes: [] });
  });

  it('is queued once where it cannot be removed at once', async () => {
    failNext(store().highVolume, 'commit', unavailable());
    failNext(store().longTerm, 'remove', unavailable());
    await assert.rejects(store().put(id, large()), { code: 'TIER_UNAVAILABLE' });
    const changeId = await onlyChange();
    const notBefore = store().clock.now() + limits.readerGraceMs;
    assert.deepEqual(store().jobs, [{ job: { kind: 'settle-change', changeId }, notBefore }]);
  });
});

describe('A queue that does not answer', () => {
  const store = useStore(openMemoryTiers, { backgroundTasksMax: 1, enqueuesMax: 2 });

  /** Until when the blobs stay has been written down for each change on the log. */
  async function untilNoted(): Promise<void> {
    const isUnnoted = async (): Promise<boolean> =>
      (await store().changes()).some(({ readersUntil }) => readersUntil === undefined);
    while (await isUnnoted()) await new Promise((resolve) => setImmediate(resolve));
  }

  it('keeps no caller waiting, nor what else goes on behind the answers', async () => {
    const hanging = createGate();
    store().queue.hook('enqueue', { before: () => hanging.passed });
    for (const seed of [1, 2]) await arrange(store(), id, 'large', seed);
    await arrange(store(), id, 'nothing');
    await arrange(store(), id, 'small', 3);
    await assertReads(store(), id, 'small', 3);
    await arrange(store(), idOf('new'), 'large', 4);
    await untilNoted();
    const left = await store().changes();
    assert.equal(left.length, 2, 'the log has no entry of the new object');
    hanging.open();
  });

  it('keeps a worker that settles waiting as little', async () => {
    await arrange(store(), id, 'large', 1);
    failAll(store().highVolume, 'commit', noAnswer());
    failNext(store().highVolume, 'fence', unavailable());
    await assert.rejects(store().put(id, large(2)), { code: 'OUTCOME_UNKNOWN' });
    const [change] = await store().changes();
    assert(change !== undefined);
    const hanging = createGate();
    store().queue.hook('enqueue', { before: () => hanging.passed });
    const { changeId } = change;
    const how = { youngChange: 'settle', unnamedBlobs: 'keep-for-readers' } as const;
    const outcome = await store().engine.settleChange({ changeId, ...how });
    assert.equal(outcome.kind, 'awaiting-readers');
    hanging.open();
  });

  it('has so many jobs on their way to it and no more: other changes stay on the log', async () => {
    const hanging = createGate();
    let calls = 0;
    store().queue.hook('enqueue', {
      before: async () => {
        calls += 1;
        await hanging.passed;
      },
    });
    const revisions = [];
    await arrange(store(), id, 'large', 1);
    for (const seed of [2, 3, 4]) {
      const { revision } = await store().store(id, large(seed));
      revisions.push(changeIdOf(revision));
      // One background task at a time is all there is.
      await untilNoted();
    }
    assert.equal(calls, 2);
    const [event, ...events] = store().events;
    assert(event?.kind === 'change-left-on-log' && events.length === 0);
    assert.equal(event.changeId, revisions[2]);
    hanging.open();
    await store().atRest();
    assert.equal(store().jobs.length, 2);
    assert.equal((await store().changes()).length, 3);
  });

  it('is waited for when the engine closes, for as long as configured', async () => {
    const hanging = createGate();
    store().queue.hook('enqueue', { before: () => hanging.passed });
    await arrange(store(), id, 'large', 1);
    await arrange(store(), id, 'large', 2);
    await untilNoted();
    let running: number | undefined;
    const closing = store()
      .engine.close(drainMs)
      .then((left) => {
        running = left;
      });
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(running, undefined);
    store().clock.advance(drainMs);
    await closing;
    assert.equal(running, 1);
    hanging.open();
  });
});
