import { DomainError, hasCode, limits } from '@holdfast/domain';
import assert from 'node:assert/strict';
import { failNext } from './hold.js';
import { inChunks, large, small } from './payloads.js';
import {
  arrange,
  assertReads,
  bytesOf,
  contents,
  noAnswer,
  presentOf,
  unavailable,
  type Content,
} from './situations.js';
import { idOf, useStore, type OpenTiers, type StoreUnderTest } from './store-under-test.js';

const id = idOf('unlucky');

interface Step {
  readonly name: string;
  /** Makes the next call of this step fail. */
  readonly fail: (store: StoreUnderTest, error: Error, when: 'before' | 'after') => void;
  readonly ofUploadsOnly?: true;
}

const stepsBeforeCommit: readonly Step[] = [
  { name: 'begin', fail: (store, ...how) => failNext(store.highVolume, 'begin', ...how) },
  {
    name: 'reading the row',
    fail: (store, ...how) => failNext(store.highVolume, 'readHead', ...how),
  },
  { name: 'recording', fail: (store, ...how) => failNext(store.changeLog, 'record', ...how) },
  {
    name: 'the upload',
    fail: (store, ...how) => failNext(store.longTerm, 'create', ...how),
    ofUploadsOnly: true,
  },
];

const cleanupSteps: readonly Pick<Step, 'name' | 'fail'>[] = [
  { name: 'fence', fail: (store, ...how) => failNext(store.highVolume, 'fence', ...how) },
  { name: 'delete', fail: (store, ...how) => failNext(store.longTerm, 'remove', ...how) },
  { name: 'take off', fail: (store, ...how) => failNext(store.changeLog, 'remove', ...how) },
];

const changesOfLarge: readonly Content[] = ['large', 'small', 'nothing'];

export function describeFailingSteps(openTiers: OpenTiers): void {
  const store = useStore(openTiers);

  async function attempt(content: Content): Promise<unknown> {
    const bytes = bytesOf(content, 2);
    return bytes === undefined ? store().engine.deleteObject({ id }) : store().put(id, bytes);
  }

  describe('a step before the commit that fails', () => {
    for (const step of stepsBeforeCommit) {
      for (const when of ['before', 'after'] as const) {
        const how = when === 'before' ? 'fails' : 'takes effect without an answer';
        for (const content of changesOfLarge) {
          if (step.ofUploadsOnly === true && content !== 'large') continue;
          it(`has no effect when ${step.name} ${how}: ${content} over large`, async () => {
            const old = await arrange(store(), id, 'large', 1);
            step.fail(store(), when === 'before' ? unavailable() : noAnswer(), when);
            await assert.rejects(attempt(content), { code: 'TIER_UNAVAILABLE' });
            await store().atRest();
            await assertReads(store(), id, 'large', 1);
            assert.deepEqual(await store().holdings(), { blobs: presentOf(old), changes: [] });
            assert.deepEqual(store().jobs, []);
          });
        }
      }

      it(`leaves nothing of a first large put when ${step.name} fails`, async () => {
        step.fail(store(), unavailable(), 'before');
        await assert.rejects(attempt('large'), { code: 'TIER_UNAVAILABLE' });
        await store().atRest();
        assert.equal(await store().fetch(id), undefined);
        assert.deepEqual(await store().holdings(), { blobs: [], changes: [] });
      });
    }

    it('leaves no orphan when the upload is complete and only its reply is lost', async () => {
      failNext(store().longTerm, 'create', noAnswer(), 'after');
      await assert.rejects(attempt('large'), { code: 'TIER_UNAVAILABLE' });
      await store().atRest();
      assert.deepEqual(await store().holdings(), { blobs: [], changes: [] });
    });

    it('passes on that there is no space left', async () => {
      const full = new DomainError({ code: 'STORAGE_FULL', tier: 'the long-term tier' });
      failNext(store().longTerm, 'create', full);
      await assert.rejects(attempt('large'), (error) => error === full);
    });

    it('keeps what cannot be cleaned now on the log and on the queue', async () => {
      failNext(store().longTerm, 'create', noAnswer(), 'after');
      failNext(store().longTerm, 'remove', unavailable());
      await assert.rejects(attempt('large'), { code: 'TIER_UNAVAILABLE' });
      await store().atRest();
      const held = await store().holdings();
      assert.equal(held.blobs.length, 1);
      assert.equal(held.changes.length, 1);
      assert.equal(store().jobs.length, 1);
      await store().cleanUp();
      assert.deepEqual(await store().holdings(), { blobs: [], changes: [] });
    });

    for (const { name, fail } of cleanupSteps) {
      it(`leaves to a job what it cannot ${name}`, async () => {
        const old = await arrange(store(), id, 'large', 1);
        await store().atRest();
        const notBefore = store().clock.now() + limits.readerGraceMs;
        fail(store(), unavailable(), 'before');
        failNext(store().longTerm, 'create', unavailable(), 'after');
        await assert.rejects(attempt('large'), { code: 'TIER_UNAVAILABLE' });
        await store().atRest();
        const [changeId, ...others] = (await store().holdings()).changes;
        assert.deepEqual(others, []);
        assert.deepEqual(store().jobs, [{ job: { kind: 'settle-change', changeId }, notBefore }]);
        await store().cleanUp();
        await assertReads(store(), id, 'large', 1);
        assert.deepEqual(await store().holdings(), { blobs: presentOf(old), changes: [] });
      });
    }

    it('reports what it can leave neither done nor queued, and a sweep finds it', async () => {
      const cause = unavailable();
      failNext(store().longTerm, 'create', unavailable(), 'after');
      failNext(store().longTerm, 'remove', unavailable());
      failNext(store().queue, 'enqueue', cause);
      await assert.rejects(attempt('large'), { code: 'TIER_UNAVAILABLE' });
      await store().atRest();
      const [changeId] = (await store().holdings()).changes;
      assert(changeId !== undefined);
      assert.deepEqual(store().events, [{ kind: 'change-left-on-log', changeId, cause }]);
      store().clock.advance(limits.changeDeadlineMs);
      const report = await store().engine.recoverChanges({ examinedMax: 10 });
      assert.equal(report.awaitingReaders, 1);
      await store().cleanUp();
      assert.deepEqual(await store().holdings(), { blobs: [], changes: [] });
    });

    it('makes the abandoned intent worthless', async () => {
      const begun: (() => Promise<string>)[] = [];
      store().highVolume.hook('begin', {
        before: (_, changeId) =>
          void begun.push(() => store().tiers.highVolume.commit(id, changeId, { kind: 'absent' })),
      });
      failNext(store().changeLog, 'record', unavailable());
      await assert.rejects(attempt('large'), { code: 'TIER_UNAVAILABLE' });
      await store().atRest();
      assert.deepEqual(await Promise.all(begun.map((commit) => commit())), ['refused']);
    });
  });

  describe('a commit that fails before its effect', () => {
    for (const from of contents) {
      for (const to of changesOfLarge) {
        // What needs no change has no commit of its own.
        if (from !== 'large' && to !== 'large') continue;
        it(`leaves no orphan: ${to} over ${from}`, async () => {
          const old = await arrange(store(), id, from, 1);
          failNext(store().highVolume, 'commit', unavailable());
          await assert.rejects(attempt(to), { code: 'TIER_UNAVAILABLE' });
          await store().atRest();
          await assertReads(store(), id, from, 1);
          assert.deepEqual(await store().holdings(), { blobs: presentOf(old), changes: [] });
        });
      }
    }

    it('leaves no orphan: conditional put', async () => {
      const condition = { kind: 'if-absent' } as const;
      failNext(store().highVolume, 'commit', unavailable());
      await assert.rejects(store().put(id, large(), { condition }), { code: 'TIER_UNAVAILABLE' });
      failNext(store().highVolume, 'commit', unavailable());
      await assert.rejects(store().put(id, small(), { condition }), { code: 'TIER_UNAVAILABLE' });
      await store().atRest();
      assert.equal(await store().fetch(id), undefined);
      assert.deepEqual(await store().holdings(), { blobs: [], changes: [] });
    });
  });

  describe('a row that cannot be read', () => {
    it('keeps every blob that it may name', async () => {
      const old = await arrange(store(), id, 'large', 1);
      const unreadable = new DomainError({ code: 'UNREADABLE', what: 'a row', why: 'it is new' });
      failNext(store().highVolume, 'readHead', unreadable);
      const payload = inChunks(large());
      await assert.rejects(store().put(id, large(), { payload }), (error) =>
        hasCode(error, 'UNREADABLE'),
      );
      await store().atRest();
      assert.deepEqual((await store().holdings()).blobs, presentOf(old));
    });
  });
}
