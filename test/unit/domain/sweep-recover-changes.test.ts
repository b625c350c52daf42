import { changeIdOf, CleanupFailure, limits, later, type ChangeId } from '@holdfast/domain';
import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers/promises';
import { failAll } from '../../support/engine/hold.js';
import { large } from '../../support/engine/payloads.js';
import { unavailable } from '../../support/engine/situations.js';
import { idOf } from '../../support/engine/store-under-test.js';
import { useSweptStore } from '../../support/swept-store.js';

const deadlineMs = limits.changeDeadlineMs;
const recover = { kind: 'recover-changes', limit: { entries: 1_000 } } as const;

describe('Recovering changes', () => {
  const bed = useSweptStore();

  /** Large objects replaced by others, whose jobs are lost. */
  async function leaveChanges(count: number, from = 0): Promise<readonly ChangeId[]> {
    const { store } = bed();
    const changes: ChangeId[] = [];
    for (let key = from; key < from + count; key += 1) {
      await store.store(idOf(`${key}`), large(1));
      changes.push(changeIdOf((await store.store(idOf(`${key}`), large(2))).revision));
    }
    await store.anotherEngine().close(0);
    await setImmediate();
    return changes;
  }

  function enqueued(): ChangeId[] {
    return bed().enqueued.flatMap((job) => (job.kind === 'settle-change' ? job.changeId : []));
  }

  it('puts changes past their deadline back on the queue, and no younger ones', async () => {
    const due = await leaveChanges(3);
    bed().store.clock.advance(deadlineMs);
    await leaveChanges(1, 3);
    const { findings, state } = await bed().sweep(recover);
    assert.equal(state, 'ended');
    assert.deepEqual(enqueued(), due);
    const counts = { scanned: 3, removed: 3, freedBytes: 0, readBytes: 0, kept: {} };
    assert.deepEqual(findings.counts, counts);
    assert.deepEqual(findings.usecases, [{ usecase: 'engine', ...counts }]);
  });

  it('leaves those alone that have a job or a dead letter', async () => {
    const [queued, dead, lost] = await leaveChanges(3);
    const { store, queue } = bed();
    store.clock.advance(deadlineMs);
    assert(queued !== undefined && dead !== undefined);
    await bury(dead);
    await queue.enqueue({ kind: 'settle-change', changeId: queued }, later(store.clock.now(), 9));
    const { findings } = await bed().sweep(recover);
    assert.deepEqual(enqueued(), [lost]);
    assert.deepEqual(findings.counts.kept, { owned: { entries: 2, bytes: 0 } });
    assert.deepEqual([findings.counts.scanned, findings.counts.removed], [3, 1]);
  });

  it('restores a change whose dead letter has vanished', async () => {
    const [dead] = await leaveChanges(1);
    assert(dead !== undefined);
    bed().store.clock.advance(deadlineMs);
    await bury(dead);
    await bed().sweep(recover);
    assert.deepEqual(enqueued(), []);
    bed().queue.flush();
    await bed().sweep(recover);
    assert.deepEqual(enqueued(), [dead]);
  });

  it('puts nothing on the queue in a dry run, and reports the same', async () => {
    await leaveChanges(2);
    bed().store.clock.advance(deadlineMs);
    const dry = await bed().sweep({ ...recover, dryRun: true });
    assert.deepEqual(enqueued(), []);
    const real = await bed().sweep(recover);
    assert.deepEqual(real.findings, dry.findings);
    assert.equal(enqueued().length, 2);
  });

  it('goes on where it was cut short until it has been through all', async () => {
    const changes = await leaveChanges(5);
    bed().store.clock.advance(deadlineMs);
    const truncated: boolean[] = [];
    for (let run = 0; run < 3; run += 1) {
      truncated.push((await bed().sweep({ ...recover, limit: { entries: 2 } })).truncated);
    }
    assert.deepEqual(truncated, [true, true, false]);
    assert.deepEqual(enqueued(), changes);
  });

  it('fails when the queue refuses a change, and begins with its page again', async () => {
    const changes = await leaveChanges(3);
    bed().store.clock.advance(deadlineMs);
    const restore = failAll(bed().producer, 'enqueue', unavailable());
    const { state, error, findings } = await bed().sweep(recover);
    assert.deepEqual([state, error?.reason], ['failed', 'TIER_UNAVAILABLE']);
    assert.equal(findings.counts.removed, 0);
    restore();
    bed().queue.flush();
    const before = enqueued().length;
    assert.equal((await bed().sweep(recover)).findings.counts.removed, 3);
    assert.deepEqual(enqueued().slice(before), changes);
  });

  it('does not take a queue that it cannot ask for an empty one', async () => {
    await leaveChanges(1);
    bed().store.clock.advance(deadlineMs);
    bed().queue.setAvailable(false);
    const { state, findings } = await bed().sweep(recover);
    assert.deepEqual([state, findings.counts.scanned, enqueued()], ['failed', 0, []]);
  });

  it('keeps and shows an entry that cannot be read', async () => {
    const [damaged] = await leaveChanges(1);
    assert(damaged !== undefined);
    bed().store.tiers.changeLog.damage(damaged);
    bed().store.clock.advance(deadlineMs);
    const { findings } = await bed().sweep(recover);
    assert.deepEqual([findings.undecided, findings.undecidedEntries[0]?.where], [1, damaged]);
    assert.deepEqual(findings.counts.kept, { undecided: { entries: 1, bytes: 0 } });
    assert.deepEqual((await bed().store.holdings()).blobs.length, 2);
  });

  async function bury(changeId: ChangeId): Promise<void> {
    const { queue, store } = bed();
    const stop = new AbortController();
    await queue.enqueue({ kind: 'settle-change', changeId }, store.clock.now());
    const refuse = async (): Promise<never> => {
      stop.abort();
      throw new CleanupFailure('INVALID', 'no', { isFinal: true });
    };
    await queue.work(refuse, { concurrency: 1, signal: stop.signal });
  }
});
