import { blobNameOf, type Revision, type WriteCondition } from '@holdfast/domain';
import assert from 'node:assert/strict';
import { beforeNext, holdNext } from './hold.js';
import { large, small, sourceOf } from './payloads.js';
import { arrange, assertReads, presentOf, type Content } from './situations.js';
import {
  expiringAfter,
  idOf,
  useStore,
  type OpenTiers,
  type StoreUnderTest,
} from './store-under-test.js';

const id = idOf('conditional');
const ifAbsent = { kind: 'if-absent' } as const;
const sizes = ['small', 'large'] as const;
const rowStates = [
  'absent',
  'deleted',
  'small',
  'large',
  'expired small',
  'expired large',
] as const;
type RowState = (typeof rowStates)[number];

const bytesOf = { small: small(2), large: large(2) } as const;

export function describeConditions(openTiers: OpenTiers): void {
  const store = useStore(openTiers);

  for (const state of rowStates) {
    const live = state === 'small' || state === 'large';
    describe(`a condition on a row that is ${state}`, () => {
      for (const size of sizes) {
        it(`${live ? 'refuses' : 'lets pass'} a ${size} put if absent`, async () => {
          const current = await bring(store(), state);
          const expected = live ? { reason: 'OBJECT_EXISTS', current } : undefined;
          await assertPut(store(), size, ifAbsent, state, expected);
        });

        it(`${live ? 'lets pass' : 'refuses'} a ${size} put of its last revision`, async () => {
          const revision = (await bring(store(), state)) ?? (await someRevision(store()));
          const condition = { kind: 'if-revision', revision } as const;
          const refused = { reason: 'REVISION_MISMATCH', current: undefined };
          await assertPut(store(), size, condition, state, live ? undefined : refused);
        });

        it(`refuses a ${size} put of another revision`, async () => {
          const condition = { kind: 'if-revision', revision: await someRevision(store()) } as const;
          const current = await bring(store(), state);
          const refused = { reason: 'REVISION_MISMATCH', current: live ? current : undefined };
          await assertPut(store(), size, condition, state, refused);
        });
      }

      it('lets the delete of its revision pass, and takes being gone for success', async () => {
        const ifRevision = (await bring(store(), state)) ?? (await someRevision(store()));
        const outcome = await store().engine.deleteObject({ id, ifRevision });
        assert.equal(outcome.kind, 'deleted');
        assert.equal(await store().fetch(id), undefined);
        assert.equal((await store().engine.deleteObject({ id, ifRevision })).kind, 'deleted');
      });

      it(`${live ? 'refuses' : 'takes for success'} the delete of another revision`, async () => {
        const ifRevision = await someRevision(store());
        const current = await bring(store(), state);
        const outcome = await store().engine.deleteObject({ id, ifRevision });
        const refused = { kind: 'precondition-failed', reason: 'REVISION_MISMATCH', current };
        if (live) assert.deepEqual(outcome, refused);
        else assert.equal(outcome.kind, 'deleted');
        if (live) await assertReads(store(), id, state, 1);
      });
    });
  }

  for (const size of sizes) {
    it(`a conditional delete takes what has expired out of its row: ${size}`, async () => {
      const began = store().clock.now();
      const revision = (await bring(store(), `expired ${size}`)) ?? assert.fail();
      const displaced = size === 'large' ? blobNameOf(id, revision) : undefined;
      const ifRevision = await someRevision(store());
      const outcome = await store().engine.deleteObject({ id, ifRevision });
      assert.deepEqual(outcome, { kind: 'deleted', displaced });
      assert.deepEqual(await store().tiers.highVolume.readHead(id), { kind: 'absent' });
      const after = store().clock.now();
      store().clock.set(began);
      await assertReads(store(), id, 'nothing');
      store().clock.set(after);
      await store().cleanUp();
      assert.deepEqual(await store().holdings(), { blobs: [], changes: [] });
    });
  }

  describe('a conditional write', () => {
    for (const size of sizes) {
      it(`that loses against another one is refused and leaves nothing: ${size}`, async () => {
        const commit = holdNext(store().highVolume, 'commit');
        const writing = store().put(id, bytesOf[size], { condition: ifAbsent });
        await commit.reached;
        const { revision: current } = await store().store(id, large(3), { condition: ifAbsent });
        commit.release();
        const refused = { kind: 'precondition-failed', reason: 'OBJECT_EXISTS', current };
        assert.deepEqual(await writing, refused);
        await store().cleanUp();
        await assertReads(store(), id, 'large', 3);
        assert.equal((await store().holdings()).blobs.length, 1);
      });

      it(`that loses against one without a condition is told of it: ${size}`, async () => {
        const commit = holdNext(store().highVolume, 'commit');
        const writing = store().put(id, bytesOf[size], { condition: ifAbsent });
        await commit.reached;
        const { revision: current } = await store().store(id, large(3));
        commit.release();
        const refused = { kind: 'precondition-failed', reason: 'OBJECT_EXISTS', current };
        assert.deepEqual(await writing, refused);
        await store().cleanUp();
        await assertReads(store(), id, 'large', 3);
        assert.equal((await store().holdings()).blobs.length, 1);
      });
    }

    for (const size of sizes) {
      it(`about an object that expires meanwhile is refused, and leaves nothing: ${size}`, async () => {
        const { revision } = await store().store(id, large(1), expiringAfter(1_000));
        const condition = { kind: 'if-revision', revision } as const;
        beforeNext(store().highVolume, 'commit', () => store().clock.advance(1_000));
        assert.deepEqual(await store().put(id, bytesOf[size], { condition }), {
          kind: 'precondition-failed',
          reason: 'REVISION_MISMATCH',
          current: undefined,
        });
        await assertReads(store(), id, 'nothing');
        await store().cleanUp();
        const { blobs, changes } = await store().holdings();
        // The expired row goes on naming its blob until it is expired for good.
        assert.deepEqual([blobs, changes], [[blobNameOf(id, revision)], []]);
      });
    }

    it('is won by exactly one of many that want the key to be absent', async () => {
      const seeds = [1, 2, 3, 4, 5, 6];
      const outcomes = await Promise.all(
        seeds.map((seed) => store().put(id, large(seed), { condition: ifAbsent })),
      );
      assert.equal(outcomes.filter(({ kind }) => kind === 'stored').length, 1);
      const winner = seeds[outcomes.findIndex(({ kind }) => kind === 'stored')];
      await assertReads(store(), id, 'large', winner);
      await store().cleanUp();
      assert.equal((await store().holdings()).blobs.length, 1);
    });

    it('that deletes does not take what was written since', async () => {
      const { revision: ifRevision } = await store().store(id, large(1));
      const commit = holdNext(store().highVolume, 'commit');
      const deleting = store().engine.deleteObject({ id, ifRevision });
      await commit.reached;
      const { revision: current } = await store().store(id, large(2));
      commit.release();
      const refused = { kind: 'precondition-failed', reason: 'REVISION_MISMATCH', current };
      assert.deepEqual(await deleting, refused);
      await assertReads(store(), id, 'large', 2);
    });

    it('that is refused is not uploaded: its source is ended early', async () => {
      const blob = await arrange(store(), id, 'large', 1);
      const source = sourceOf(large(2));
      const { payload } = source;
      const outcome = await store().put(id, large(2), { payload, condition: ifAbsent });
      assert.equal(outcome.kind, 'precondition-failed');
      assert.equal(source.ended(), true);
      assert(source.handedOut() < large().length, `${source.handedOut()} bytes were read`);
      assert.deepEqual(await store().holdings(), { blobs: presentOf(blob), changes: [] });
    });

    it('that is refused takes its intent back', async () => {
      await arrange(store(), id, 'large', 1);
      const commits: (() => Promise<string>)[] = [];
      store().highVolume.hook('begin', {
        before: (_, changeId) =>
          void commits.push(() =>
            store().tiers.highVolume.commit(id, changeId, { kind: 'absent' }),
          ),
      });
      await store().put(id, small(2), { condition: ifAbsent });
      await store().atRest();
      assert.deepEqual(await Promise.all(commits.map((commit) => commit())), ['refused']);
      await assertReads(store(), id, 'large', 1);
    });
  });
}

/** Brings the row to `state`, and answers the last revision it had, if any. */
async function bring(store: StoreUnderTest, state: RowState): Promise<Revision | undefined> {
  if (state === 'absent') return undefined;
  const bytes = state.endsWith('large') ? large(1) : small(1);
  const expires = state.startsWith('expired');
  const { revision } = await store.store(id, bytes, expires ? expiringAfter(1_000) : {});
  if (expires) store.clock.advance(1_000);
  if (state === 'deleted') await store.engine.deleteObject({ id });
  return revision;
}

async function someRevision(store: StoreUnderTest): Promise<Revision> {
  const other = idOf('elsewhere');
  const { revision } = await store.store(other, small());
  await store.engine.deleteObject({ id: other });
  return revision;
}

/** Puts and checks answer and effect; what the row held before is in `state`. */
async function assertPut(
  store: StoreUnderTest,
  size: (typeof sizes)[number],
  condition: WriteCondition,
  state: RowState,
  refused: object | undefined,
): Promise<void> {
  // What the puts before left on the log to tidy is not to be taken for the work of this one.
  await store.atRest();
  const before = await store.holdings();
  const outcome = await store.put(id, bytesOf[size], { condition });
  if (refused === undefined) {
    assert.equal(outcome.kind, 'stored');
    await assertReads(store, id, size, 2);
    await store.cleanUp();
    await assertReads(store, id, size, 2);
    assert.equal((await store.holdings()).blobs.length, size === 'large' ? 1 : 0);
    return;
  }
  assert.deepEqual(outcome, { kind: 'precondition-failed', ...refused });
  const left: Content = state === 'small' || state === 'large' ? state : 'nothing';
  await assertReads(store, id, left, 1);
  await store.atRest();
  assert.deepEqual(await store.holdings(), before);
}
