import {
  changeIdOf,
  DomainError,
  limits,
  type BlobFate,
  type BlobName,
  type Change,
  type ChangeId,
  type Revision,
  type SettleOutcome,
  type SettleRequest,
} from '@holdfast/domain';
import { plain } from '@holdfast/testkit';
import assert from 'node:assert/strict';
import { failNext, holdNext } from './hold.js';
import { large, largeBytes } from './payloads.js';
import { arrange, assertReads, noAnswer, presentOf, unavailable } from './situations.js';
import { idOf, useStore, type OpenTiers } from './store-under-test.js';

const id = idOf('settled');
const forReaders = { unnamedBlobs: 'keep-for-readers' } as const;

function fateOf(state: BlobFate['state'], size: number) {
  return (blob: BlobName | undefined) => ({ blob, state, size });
}

const deleted = fateOf('deleted', largeBytes);
const live = fateOf('live', largeBytes);
const kept = fateOf('awaiting-readers', 0);

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
        blobs: [deleted(old)],
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
        blobs: [deleted(old)],
      });
    });

    it('resolves to superseded when it never committed, and frees the new blob', async () => {
      const old = await arrange(store(), id, 'large', 1);
      const resume = await pausedWriter(2);
      const { changeId, newBlob } = await onlyChange();
      assert.deepEqual(await settle(changeId), {
        kind: 'superseded',
        blobs: [deleted(newBlob), live(old)],
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
      const { changeId, deadline } = await onlyChange();
      store().clock.advance(limits.changeDeadlineMs - 1);
      const outcome = await settle(changeId, { youngChange: 'keep' });
      assert.deepEqual(outcome, { kind: 'still-young', deadline });
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
    it('is kept, with its entry, while readers may be at it, and not longer', async () => {
      const old = await arrange(store(), id, 'large', 1);
      const until = store().clock.now() + limits.readerGraceMs;
      const blob = await arrange(store(), id, 'large', 2);
      await store().atRest();
      const { changeId } = await onlyChange();
      for (const ms of [0, limits.readerGraceMs - 1]) {
        store().clock.advance(ms);
        const blobs = [kept(old)];
        const outcome = await settle(changeId, forReaders);
        assert.deepEqual(outcome, { kind: 'awaiting-readers', until, blobs });
        const held = { blobs: presentOf(old, blob), changes: [changeId] };
        assert.deepEqual(await store().holdings(), held);
      }
      assert.equal(store().jobs.length, 1, 'one job is enough');
      store().clock.advance(1);
      assert.deepEqual(await settle(changeId, forReaders), {
        kind: 'committed',
        blobs: [deleted(old)],
      });
      assert.deepEqual(await store().holdings(), { blobs: presentOf(blob), changes: [] });
    });

    it('goes at once when nobody can be at it', async () => {
      const old = await arrange(store(), id, 'large', 1);
      const blob = await arrange(store(), id, 'large', 2);
      await store().atRest();
      const { changeId } = await onlyChange();
      assert.deepEqual(await settle(changeId, { unnamedBlobs: 'delete' }), {
        kind: 'committed',
        blobs: [deleted(old)],
      });
      assert.deepEqual(await store().holdings(), { blobs: presentOf(blob), changes: [] });
    });

    it('does not hold back the blob of a change that failed, once its writer is back', async () => {
      const old = await arrange(store(), id, 'large', 1);
      const resume = await pausedWriter(2);
      const { changeId } = await onlyChange();
      assert.equal((await settle(changeId, forReaders)).kind, 'awaiting-readers');
      assert.deepEqual(await resume(), { kind: 'fenced' });
      await store().atRest();
      assert.deepEqual(await store().holdings(), { blobs: presentOf(old), changes: [] });
    });

    it('is kept for its own grace when a dead writer was to replace it, too', async () => {
      const old = await arrange(store(), id, 'large', 1);
      const resume = await pausedWriter(2);
      const dead = await onlyChange();
      store().clock.advance(limits.changeDeadlineMs - 1);
      const queued = holdNext(store().queue, 'enqueue', 'after');
      const blob = await arrange(store(), id, 'large', 3);
      await queued.reached;
      queued.release();
      store().clock.advance(1);
      const other = store().anotherEngine();
      const report = await other.recoverChanges({ examinedMax: 10 });
      assert.deepEqual([report.awaitingReaders, report.settled, report.freed], [1, 0, []]);
      const blobs = presentOf(old, dead.newBlob, blob);
      assert.deepEqual((await store().holdings()).blobs, blobs);

      store().clock.advance(limits.readerGraceMs - 2);
      await other.recoverChanges({ examinedMax: 10 });
      await store().work();
      assert.deepEqual((await store().holdings()).blobs, blobs);
      store().clock.advance(1);
      await store().work();
      assert.deepEqual((await store().holdings()).blobs, presentOf(dead.newBlob, blob));
      store().clock.advance(1);
      await store().work();
      assert.deepEqual(await store().holdings(), { blobs: presentOf(blob), changes: [] });
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

  describe('a change that is settled for the first time', () => {
    it('goes back on the log with what the row does not name, until its readers are done', async () => {
      const old = await arrange(store(), id, 'large', 1);
      await store().atRest();
      const resume = await pausedWriter(2);
      const before = await onlyChange();
      assert.deepEqual([before.oldBlob, before.readersUntil], [old, undefined]);
      store().clock.advance(limits.changeDeadlineMs);
      const until = store().clock.now() + limits.readerGraceMs;
      const outcome = await settle(before.changeId, { ...forReaders, youngChange: 'keep' });
      assert.deepEqual(outcome, {
        kind: 'awaiting-readers',
        until,
        blobs: [kept(before.newBlob), live(old)],
      });
      assert.deepEqual(plain(await onlyChange()), {
        changeId: before.changeId,
        objectId: plain(before.objectId),
        newBlob: before.newBlob,
        deadline: until,
        readersUntil: until,
      });
      const job = { kind: 'settle-change', changeId: before.changeId };
      assert.deepEqual(store().jobs, [{ job, notBefore: until }]);

      store().clock.advance(limits.readerGraceMs - 1);
      const early = await settle(before.changeId, forReaders);
      assert.deepEqual(early, { kind: 'awaiting-readers', until, blobs: [kept(before.newBlob)] });
      assert.deepEqual((await store().holdings()).blobs, presentOf(old, before.newBlob));
      store().clock.advance(1);
      assert.deepEqual(await settle(before.changeId, forReaders), {
        kind: 'superseded',
        blobs: [deleted(before.newBlob)],
      });
      assert.deepEqual(await store().holdings(), { blobs: presentOf(old), changes: [] });
      await resume();
    });

    it('keeps a deadline that is later than its readers need', async () => {
      const resume = await pausedWriter(2);
      const { changeId, deadline, newBlob } = await onlyChange();
      const until = store().clock.now() + limits.readerGraceMs;
      assert(deadline > until);
      const outcome = await settle(changeId, forReaders);
      assert.deepEqual(outcome, { kind: 'awaiting-readers', until, blobs: [kept(newBlob)] });
      const { deadline: after, readersUntil } = await onlyChange();
      assert.deepEqual([after, readersUntil], [deadline, until]);
      await resume();
    });

    it('leaves the log at once when the row names all that it has', async () => {
      const old = await arrange(store(), id, 'large', 1);
      await store().atRest();
      const commit = holdNext(store().highVolume, 'commit');
      const deleting = store().engine.deleteObject({ id });
      await commit.reached;
      const { changeId } = await onlyChange();
      const outcome = await settle(changeId, forReaders);
      assert.deepEqual(outcome, { kind: 'superseded', blobs: [live(old)] });
      assert.deepEqual(await store().holdings(), { blobs: presentOf(old), changes: [] });
      commit.release();
      assert.deepEqual(await deleting, { kind: 'fenced' });
    });

    for (const unnamedBlobs of ['keep-for-readers', 'delete'] as const) {
      it(`has no more to do with the blob that it committed (${unnamedBlobs})`, async () => {
        const old = await arrange(store(), id, 'large', 1);
        await store().atRest();
        const commit = holdNext(store().highVolume, 'commit', 'after');
        const writing = store().put(id, large(2));
        await commit.reached;
        const { changeId, newBlob } = await onlyChange();
        store().clock.advance(limits.changeDeadlineMs);
        assert.equal((await settle(changeId, forReaders)).kind, 'awaiting-readers');
        const { newBlob: left, oldBlob } = await onlyChange();
        assert.deepEqual([left, oldBlob], [undefined, old]);

        store().clock.advance(limits.readerGraceMs);
        const blob = await arrange(store(), id, 'large', 3);
        assert.deepEqual(await settle(changeId, { unnamedBlobs }), {
          kind: 'superseded',
          blobs: [deleted(old)],
        });
        assert.deepEqual((await store().holdings()).blobs, presentOf(newBlob, blob));
        commit.release();
        assert.equal((await writing).kind, 'stored');
        await store().cleanUp();
        assert.deepEqual(await store().holdings(), { blobs: presentOf(blob), changes: [] });
      });
    }

    it('is settled although no job can be queued, which is reported', async () => {
      const resume = await pausedWriter(2);
      const { changeId, newBlob } = await onlyChange();
      const cause = unavailable();
      failNext(store().queue, 'enqueue', cause);
      store().clock.advance(limits.changeDeadlineMs);
      const until = store().clock.now() + limits.readerGraceMs;
      const outcome = await settle(changeId, forReaders);
      assert.deepEqual(outcome, { kind: 'awaiting-readers', until, blobs: [kept(newBlob)] });
      assert.deepEqual(store().events, [{ kind: 'change-left-on-log', changeId, cause }]);
      assert.deepEqual(store().jobs, []);
      store().clock.advance(limits.readerGraceMs);
      assert.equal((await store().engine.recoverChanges({ examinedMax: 10 })).settled, 1);
      assert.deepEqual(await store().holdings(), { blobs: [], changes: [] });
      await resume();
    });

    it('stays as it was when it cannot be put back, and deletes nothing', async () => {
      const resume = await pausedWriter(2);
      const before = await onlyChange();
      const held = await store().holdings();
      failNext(store().changeLog, 'record', unavailable());
      await assert.rejects(settle(before.changeId, forReaders), { code: 'TIER_UNAVAILABLE' });
      assert.deepEqual(plain(await onlyChange()), plain(before));
      assert.deepEqual(await store().holdings(), held);
      assert.deepEqual(store().jobs, []);
      await resume();
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
      const old = await arrange(store(), id, 'large', 1);
      const blob = await arrange(store(), id, 'large', 2);
      await store().atRest();
      const { changeId } = await onlyChange();
      failNext(store().longTerm, 'remove', noAnswer(), 'after');
      await assert.rejects(settle(changeId), { code: 'OUTCOME_UNKNOWN' });
      failNext(store().changeLog, 'remove', unavailable());
      await assert.rejects(settle(changeId), { code: 'TIER_UNAVAILABLE' });
      assert.deepEqual(await settle(changeId), {
        kind: 'committed',
        blobs: [{ blob: old, state: 'absent', size: 0 }],
      });
      assert.deepEqual(await store().holdings(), { blobs: presentOf(blob), changes: [] });
    });
  });
}
