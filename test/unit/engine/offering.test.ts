import { changeIdOf, limits, type ChangeId } from '@holdfast/domain';
import assert from 'node:assert/strict';
import { failAll, failNext } from '../../support/engine/hold.js';
import { large } from '../../support/engine/payloads.js';
import { unavailable } from '../../support/engine/situations.js';
import { idOf, useStore } from '../../support/engine/store-under-test.js';
import { openMemoryTiers } from '../../support/memory-tiers.js';

const deadlineMs = limits.changeDeadlineMs;

describe('Offering overdue changes to the queue', () => {
  const store = useStore(openMemoryTiers);

  /** A large object replaced by another, under each key; the jobs of the changes are lost. */
  async function leaveChanges(count: number): Promise<readonly ChangeId[]> {
    const changes: ChangeId[] = [];
    const lose = store().queue.hook('enqueue', { instead: async () => undefined });
    for (let key = 0; key < count; key += 1) {
      await store().store(idOf(`${key}`), large(1));
      const { revision } = await store().store(idOf(`${key}`), large(2));
      changes.push(changeIdOf(revision));
    }
    await store().atRest();
    lose();
    return changes;
  }

  function offered(): ChangeId[] {
    return store().jobs.flatMap(({ job }) => (job.kind === 'settle-change' ? job.changeId : []));
  }

  it('offers those that are due, for now, and touches nothing', async () => {
    const due = await leaveChanges(3);
    store().clock.advance(1);
    await leaveChanges(1);
    store().clock.advance(deadlineMs - 1);
    const before = await store().holdings();
    const report = await store().engine.offerChanges({ examinedMax: 100 });
    assert.deepEqual(report, { offered: 3, failed: [], undecided: [], truncated: false });
    assert.deepEqual(offered(), due);
    const now = store().clock.now();
    assert(store().jobs.every(({ notBefore }) => notBefore === now));
    assert.deepEqual(await store().holdings(), before);
  });

  it('looks at no more than it may, and goes on from its cursor', async () => {
    const changes = await leaveChanges(5);
    store().clock.advance(deadlineMs);
    const pages: number[] = [];
    let after: ChangeId | undefined;
    do {
      const report = await store().engine.offerChanges({ after, examinedMax: 2 });
      pages.push(report.offered);
      after = report.next;
    } while (after !== undefined);
    assert.deepEqual(pages, [2, 2, 1]);
    assert.deepEqual(offered(), changes);
  });

  it('ends at a queue that takes nothing, after one page, and begins anew after that', async () => {
    const changes = await leaveChanges(limits.sweepStepMax + 1);
    store().clock.advance(deadlineMs);
    const cause = unavailable();
    const mend = failAll(store().queue, 'enqueue', cause);
    const report = await store().engine.offerChanges({ examinedMax: 1_000 });
    mend();
    assert.deepEqual(
      report.failed,
      changes.slice(0, limits.sweepStepMax).map((changeId) => ({ changeId, cause })),
    );
    assert.deepEqual([report.offered, report.truncated, report.next], [0, true, undefined]);
    assert.deepEqual((await store().holdings()).changes, changes, 'they stay on the log');
    const again = await store().engine.offerChanges({ examinedMax: 1_000 });
    assert.deepEqual([again.offered, again.truncated], [changes.length, false]);
  });

  it('says which one it could not offer', async () => {
    const [first, ...others] = await leaveChanges(3);
    store().clock.advance(deadlineMs);
    const cause = unavailable();
    failNext(store().queue, 'enqueue', cause);
    const report = await store().engine.offerChanges({ examinedMax: 100 });
    assert.deepEqual(report.failed, [{ changeId: first, cause }]);
    assert.deepEqual([report.offered, report.truncated], [others.length, true]);
  });

  it('shows what cannot be read, and offers the rest', async () => {
    const [first, second, third] = await leaveChanges(3);
    assert(first !== undefined && second !== undefined);
    store().tiers.changeLog.damage(second);
    store().clock.advance(deadlineMs);
    const report = await store().engine.offerChanges({ examinedMax: 100 });
    assert.deepEqual(report.undecided, [second]);
    assert.deepEqual(offered(), [first, third]);
  });

  it('ends with its signal, between two pages', async () => {
    await leaveChanges(limits.sweepStepMax + 1);
    store().clock.advance(deadlineMs);
    const stopping = new AbortController();
    store().queue.hook('enqueue', { before: () => stopping.abort() });
    const { signal } = stopping;
    const report = await store().engine.offerChanges({ examinedMax: 1_000, signal });
    assert.deepEqual([report.offered, report.truncated], [limits.sweepStepMax, true]);
    assert.notEqual(report.next, undefined);
    const before = await store().engine.offerChanges({ examinedMax: 1_000, signal });
    assert.deepEqual([before.offered, before.truncated], [0, true]);
  });

  it('refuses a limit that is none', async () => {
    for (const examinedMax of [0, limits.sweepExaminedMax + 1]) {
      await assert.rejects(store().engine.offerChanges({ examinedMax }), { code: 'INVALID_LIMIT' });
    }
  });
});
