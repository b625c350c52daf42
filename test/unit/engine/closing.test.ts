import { changeIdOf, parseRevision } from '@holdfast/domain';
import assert from 'node:assert/strict';
import { failNext, holdNext } from '../../support/engine/hold.js';
import { large, small } from '../../support/engine/payloads.js';
import { arrange, presentOf, unavailable } from '../../support/engine/situations.js';
import { idOf, useStore, type StoreUnderTest } from '../../support/engine/store-under-test.js';
import { openMemoryTiers } from '../../support/memory-tiers.js';

const id = idOf('closing');
const drainMs = 25_000;

describe('Closing the engine', () => {
  const store = useStore(openMemoryTiers);

  it('is done at once when nothing is running', async () => {
    assert.equal(await store().engine.close(drainMs), 0);
    assert.equal(store().clock.sleepers(), 0, 'nobody waits for the time that was allowed');
  });

  it('waits for running changes and for their cleanup', async () => {
    const commit = holdNext(store().highVolume, 'commit');
    const removal = holdNext(store().changeLog, 'remove');
    const writing = store().put(id, large());
    await commit.reached;
    const closing = watch(store().engine.close(drainMs));
    commit.release();
    await writing;
    await removal.reached;
    assert.equal(closing.ended(), false);
    removal.release();
    assert.equal(await closing.promise, 0);
    assert.deepEqual((await store().holdings()).changes, []);
    await assertReadsAfterwards(store());
  });

  it('waits for as long as configured, and leaves the rest on the log', async () => {
    const commit = holdNext(store().highVolume, 'commit');
    const writing = store().put(id, large());
    await commit.reached;
    const closing = watch(store().engine.close(drainMs));
    store().clock.advance(drainMs - 1);
    await settledMicrotasks();
    assert.equal(closing.ended(), false);
    store().clock.advance(1);
    assert.equal(await closing.promise, 1);
    assert.equal((await store().holdings()).changes.length, 1);

    // It was not stopped: what is still running may yet end well.
    commit.release();
    assert.equal((await writing).kind, 'stored');
    await assertReadsAfterwards(store());
  });

  it('leaves the log entry of a cleanup that does not end', async () => {
    await arrange(store(), id, 'large', 1);
    await store().atRest();
    const enqueueing = holdNext(store().queue, 'enqueue');
    const blob = await arrange(store(), id, 'large', 2);
    await enqueueing.reached;
    const closing = store().engine.close(drainMs);
    store().clock.advance(drainMs);
    assert.equal(await closing, 1);
    const other = store().anotherEngine();
    store().clock.advance(3_600_000);
    assert.equal((await other.recoverChanges({ examinedMax: 10 })).settled, 1);
    assert.deepEqual(await store().holdings(), { blobs: presentOf(blob), changes: [] });
  });

  it('does not wait at all when it is told not to', async () => {
    const commit = holdNext(store().highVolume, 'commit');
    void store().put(id, large());
    await commit.reached;
    assert.equal(await store().engine.close(0), 1);
  });

  it('waits for an operation that fails, too', async () => {
    failNext(store().highVolume, 'putInline', unavailable());
    const writing = store().put(id, small());
    const closing = store().engine.close(drainMs);
    await assert.rejects(writing, { code: 'TIER_UNAVAILABLE' });
    assert.equal(await closing, 0);
  });

  it('refuses every new operation at once', async () => {
    const blob = await arrange(store(), id, 'large', 1);
    await store().atRest();
    const { engine } = store();
    const commit = holdNext(store().highVolume, 'commit');
    const running = store().put(id, large(2));
    await commit.reached;
    const closing = engine.close(drainMs);
    const revision = parseRevision(blob?.slice(-36) ?? '');
    const operations = [
      store().put(id, small()),
      engine.getObject({ id }),
      engine.headObject(id),
      engine.deleteObject({ id }),
      engine.listObjects({ usecase: id.usecase, scopes: [] }),
      engine.settleChange({
        changeId: changeIdOf(revision),
        youngChange: 'keep',
        unnamedBlobs: 'delete',
      }),
      engine.reclaimBlob({ blob: blob ?? assert.fail() }),
      engine.expireObject({ id, revision }),
      engine.recoverChanges({ examinedMax: 1 }),
      engine.reclaimOrphans({ examinedMax: 1 }),
      engine.expireObjects({ examinedMax: 1 }),
    ];
    for (const operation of operations) await assert.rejects(operation, { code: 'SHUTTING_DOWN' });
    commit.release();
    assert.equal((await running).kind, 'stored');
    assert.equal(await closing, 0);
  });

  it('may be asked for twice', async () => {
    const { engine } = store();
    assert.deepEqual(await Promise.all([engine.close(drainMs), engine.close(drainMs)]), [0, 0]);
  });
});

async function assertReadsAfterwards(store: StoreUnderTest): Promise<void> {
  await store.engine.close(0);
  const got = await store.anotherEngine().getObject({ id });
  assert.equal(got.kind, 'found');
}

function watch<Result>(promise: Promise<Result>): {
  readonly promise: Promise<Result>;
  readonly ended: () => boolean;
} {
  let ended = false;
  const watched = promise.finally(() => {
    ended = true;
  });
  return { promise: watched, ended: () => ended };
}

/** Lets everything run that needs neither time nor another's release. */
function settledMicrotasks(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
