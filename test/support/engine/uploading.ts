import { limits, type Payload } from '@holdfast/domain';
import assert from 'node:assert/strict';
import { createGate, failAll, holdNext } from './hold.js';
import { large } from './payloads.js';
import { arrange, assertReads, presentOf, unavailable } from './situations.js';
import { idOf, useStore, type OpenTiers, type StoreUnderTest } from './store-under-test.js';

const id = idOf('slow');
const deadlineMs = limits.changeDeadlineMs;
const sweep = { examinedMax: 100 };

export function describeUploading(openTiers: OpenTiers): void {
  const store = useStore(openTiers);

  describe('a long upload', () => {
    it('leaves its deadline as it is for the first half of it', async () => {
      const began = store().clock.now();
      const deadlines = await deadlinesDuring(store(), [deadlineMs / 2, 0]);
      assert.deepEqual(deadlines, [began + deadlineMs, began + deadlineMs]);
    });

    it('moves its deadline on the log once half of it has gone, and again', async () => {
      const began = store().clock.now();
      const half = deadlineMs / 2;
      const deadlines = await deadlinesDuring(store(), [half + 1, half, 1]);
      assert.deepEqual(
        deadlines.map((deadline) => deadline - began),
        [half + 1 + deadlineMs, half + 1 + deadlineMs, 2 * half + 2 + deadlineMs],
      );
    });

    it('is not taken for dead as long as it makes progress', async () => {
      const other = store().anotherEngine();
      const payload = pausing(large(), async () => {
        store().clock.advance(deadlineMs - 1);
        const report = await other.recoverChanges(sweep);
        assert.deepEqual([report.settled, report.failed], [0, []]);
      });
      await store().store(id, large(), { payload });
      await assertReads(store(), id, 'large');
    });

    it('is taken for dead without progress, and is told to try again', async () => {
      const hangs = createGate();
      const resumes = createGate();
      const payload = pausing(large(), () => {
        hangs.open();
        return resumes.passed;
      });
      const old = await arrange(store(), id, 'large', 3);
      const writing = store().put(id, large(), { payload });
      await hangs.passed;
      store().clock.advance(deadlineMs);
      const report = await store().anotherEngine().recoverChanges(sweep);
      assert.deepEqual([report.awaitingReaders, report.settled], [1, 0]);
      resumes.open();
      assert.deepEqual(await writing, { kind: 'fenced' });
      await assertReads(store(), id, 'large', 3);
      await store().atRest();
      assert.deepEqual(await store().holdings(), { blobs: presentOf(old), changes: [] });
    });

    it('is given up in the middle once its entry is gone, and leaves no blob', async () => {
      const old = await arrange(store(), id, 'large', 3);
      await store().atRest();
      let read = 0;
      const payload = pausing(large(), async () => {
        read += 1;
        if (read > 1) return;
        store().clock.advance(deadlineMs);
        await settleFully(store());
      });
      assert.deepEqual(await store().put(id, large(), { payload }), { kind: 'fenced' });
      assert.equal(read, 1, 'no more of the payload is read');
      await store().atRest();
      await assertReads(store(), id, 'large', 3);
      assert.deepEqual(await store().holdings(), { blobs: presentOf(old), changes: [] });
      assert.deepEqual(store().events, []);
    });

    for (const when of ['before', 'after'] as const) {
      it(`that was settled meanwhile leaves no blob: ${when} it was made`, async () => {
        const old = await arrange(store(), id, 'large', 3);
        await store().atRest();
        const create = holdNext(store().longTerm, 'create', when);
        const writing = store().put(id, large());
        await create.reached;
        await settleFully(store());
        create.release();
        assert.deepEqual(await writing, { kind: 'fenced' });
        await store().atRest();
        await assertReads(store(), id, 'large', 3);
        assert.deepEqual(await store().holdings(), { blobs: presentOf(old), changes: [] });
      });
    }

    it('goes on when the log cannot be told, which is reported', async () => {
      const cause = unavailable();
      failAll(store().changeLog, 'defer', cause);
      let reported: string[] = [];
      const payload = pausing(large(), () => store().clock.advance(deadlineMs / 2 + 1));
      store().longTerm.hook('create', {
        before: (name) => void (reported = [name.slice(name.lastIndexOf('/') + 1)]),
      });
      await store().store(id, large(), { payload });
      await assertReads(store(), id, 'large');
      const [changeId] = reported;
      assert.deepEqual(store().events.slice(0, 1), [
        { kind: 'deadline-not-deferred', changeId, cause },
      ]);
    });
  });

  describe('the cleanup queue', () => {
    const swaps = [
      { to: 'large', answer: 'stored' },
      { to: 'small', answer: 'stored' },
      { to: 'nothing', answer: 'deleted' },
    ] as const;

    for (const { to } of swaps) {
      it(`never fails a write when it is down, and that is reported: ${to} over large`, async () => {
        const cause = unavailable();
        failAll(store().queue, 'enqueue', cause);
        await arrange(store(), id, 'large', 1);
        const blob = await arrange(store(), id, to, 2);
        await store().atRest();
        await assertReads(store(), id, to, 2);
        const [changeId, ...others] = (await store().holdings()).changes;
        assert.deepEqual(others, []);
        assert.deepEqual(store().events, [{ kind: 'change-left-on-log', changeId, cause }]);

        store().clock.advance(deadlineMs);
        assert.equal((await store().engine.recoverChanges(sweep)).settled, 1);
        assert.deepEqual(await store().holdings(), { blobs: presentOf(blob), changes: [] });
      });

      it(`never delays a write when it does not answer: ${to} over large`, async () => {
        await arrange(store(), id, 'large', 1);
        const enqueueing = holdNext(store().queue, 'enqueue');
        await arrange(store(), id, to, 2);
        await enqueueing.reached;
        enqueueing.release();
        await store().atRest();
        assert.equal(store().jobs.length, 1);
      });
    }

    it('loses nothing but time when it is flushed', async () => {
      await arrange(store(), id, 'large', 1);
      const blob = await arrange(store(), id, 'large', 2);
      await store().atRest();
      assert.equal(store().jobs.length, 1);
      store().clock.advance(deadlineMs);
      await store().engine.recoverChanges(sweep);
      assert.deepEqual(await store().holdings(), { blobs: presentOf(blob), changes: [] });
    });
  });
}

/** Settles the only change on the log to its end, as another process may. */
async function settleFully(store: StoreUnderTest): Promise<void> {
  const [change, ...others] = await store.changes();
  assert(change !== undefined && others.length === 0);
  const { changeId } = change;
  const how = { youngChange: 'settle', unnamedBlobs: 'delete' } as const;
  const settled = await store.anotherEngine().settleChange({ changeId, ...how });
  assert.equal(settled.kind, 'superseded');
  assert.deepEqual(await store.changes(), []);
}

/** `bytes` with a pause before each further chunk. */
async function* pausing(bytes: Uint8Array, pause: () => void | Promise<void>): Payload {
  const first = bytes.length - 1_000;
  yield bytes.slice(0, first);
  for (let at = first; at < bytes.length; at += 500) {
    await pause();
    yield bytes.slice(at, at + 500);
  }
}

/** Lets time pass before each further chunk, and looks at the deadline after it was taken. */
async function deadlinesDuring(
  store: StoreUnderTest,
  pausesMs: readonly number[],
): Promise<readonly number[]> {
  const deadlines: number[] = [];
  const bytes = large();
  async function* payload(): Payload {
    yield bytes;
    for (const ms of pausesMs) {
      store.clock.advance(ms);
      yield bytes;
      const [change] = await store.changes();
      deadlines.push(change?.deadline ?? assert.fail());
    }
  }
  await store.store(id, bytes, { payload: payload() });
  return deadlines;
}
