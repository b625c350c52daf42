import { limits } from '@holdfast/domain';
import assert from 'node:assert/strict';
import { createBackground } from '../../../packages/domain/src/engine/background.js';
import { createGate, failNext, holdNext } from '../../support/engine/hold.js';
import { large, small } from '../../support/engine/payloads.js';
import { arrange, assertReads, presentOf, unavailable } from '../../support/engine/situations.js';
import { idOf, plainMetadata, useStore } from '../../support/engine/store-under-test.js';
import { openMemoryTiers } from '../../support/memory-tiers.js';

const [first, second] = [idOf('first'), idOf('second')];
const tooMany = /too many background tasks/;

/** For tasks that must start and succeed. */
function unexpected(cause: unknown): never {
  throw new Error('a task did not succeed', { cause });
}

describe('Background tasks', () => {
  it('start up to their limit, and again when one has ended', async () => {
    const background = createBackground(2);
    const gate = createGate();
    const refused: number[] = [];
    for (const task of [1, 2, 3]) {
      background.run(
        () => gate.passed,
        (cause) => {
          assert.match(String(cause), tooMany);
          refused.push(task);
        },
      );
    }
    assert.deepEqual(refused, [3]);
    assert.equal(background.running(), 2);
    gate.open();
    await background.idle();
    assert.equal(background.running(), 0);
    background.run(async () => undefined, unexpected);
    assert.equal(background.running(), 1);
    await background.idle();
  });

  it('tell why they failed, and make room for the next', async () => {
    const background = createBackground(1);
    const rejected = new Error('rejected');
    const thrown = new Error('thrown at once');
    const heard: unknown[] = [];
    const tasks = [
      () => Promise.reject(rejected),
      () => {
        throw thrown;
      },
    ];
    for (const task of tasks) {
      background.run(task, (cause) => heard.push(cause));
      await background.idle();
      assert.equal(background.running(), 0);
    }
    assert.deepEqual(heard, [rejected, thrown]);
  });

  it('do not count operations against their limit, but wait for them', async () => {
    const background = createBackground(1);
    const gate = createGate();
    const operation = background.track(gate.passed);
    background.run(async () => undefined, unexpected);
    assert.equal(background.running(), 2);
    let idle = false;
    const waiting = background.idle().then(() => {
      idle = true;
    });
    await Promise.resolve();
    assert.equal(idle, false);
    gate.open();
    await Promise.all([operation, waiting]);
  });

  it('pass on what an operation answers or throws', async () => {
    const background = createBackground(1);
    assert.equal(await background.track(Promise.resolve(7)), 7);
    await assert.rejects(background.track(Promise.reject(new Error('passed on'))), /passed on/);
    await background.idle();
  });
});

describe('An engine with as many background tasks as it may have', () => {
  const store = useStore(openMemoryTiers, { backgroundTasksMax: 1 });

  it('leaves further changes on the log, reports them and answers their writers', async () => {
    const removal = holdNext(store().changeLog, 'remove');
    const blobs = [await arrange(store(), first, 'large', 1)];
    await removal.reached;
    blobs.push(await arrange(store(), second, 'large', 2));
    removal.release();
    await store().atRest();

    const [changeId, ...others] = (await store().holdings()).changes;
    assert.deepEqual(others, []);
    const [event, ...events] = store().events;
    assert(event?.kind === 'change-left-on-log' && event.cause instanceof Error);
    assert.equal(event.changeId, changeId);
    assert.match(event.cause.message, tooMany);
    assert.deepEqual(events, []);
    await assertReads(store(), second, 'large', 2);

    store().clock.advance(limits.changeDeadlineMs);
    assert.equal((await store().engine.recoverChanges({ examinedMax: 10 })).settled, 1);
    assert.deepEqual(await store().holdings(), { blobs: presentOf(...blobs), changes: [] });
  });

  it('leaves the blob of a failed upload to the log, too', async () => {
    const removal = holdNext(store().changeLog, 'remove');
    const blob = await arrange(store(), first, 'large', 1);
    await removal.reached;
    failNext(store().longTerm, 'create', unavailable(), 'after');
    await assert.rejects(store().put(second, large(2)), { code: 'TIER_UNAVAILABLE' });
    removal.release();
    await store().atRest();
    assert.equal((await store().holdings()).changes.length, 1);
    store().clock.advance(limits.changeDeadlineMs);
    const found = await store().engine.recoverChanges({ examinedMax: 10 });
    assert.deepEqual([found.awaitingReaders, found.settled, found.freed], [1, 0, []]);
    store().clock.advance(limits.readerGraceMs);
    assert.equal((await store().engine.recoverChanges({ examinedMax: 10 })).settled, 1);
    assert.deepEqual(await store().holdings(), { blobs: presentOf(blob), changes: [] });
  });

  it('leaves an intent and an expiry as they are, and reports both', async () => {
    const idle = { ...plainMetadata, expiration: { kind: 'tti', ms: 8_000 } } as const;
    await store().store(first, small(), { metadata: idle });
    const removal = holdNext(store().changeLog, 'remove');
    await arrange(store(), second, 'large', 1);
    await removal.reached;

    store().clock.advance(7_999);
    await assertReads(store(), first, 'small', 1);
    const refused = await store().put(first, small(), { condition: { kind: 'if-absent' } });
    assert.equal(refused.kind, 'precondition-failed');
    removal.release();
    await store().atRest();
    assert.deepEqual(
      store().events.map(({ kind }) => kind),
      ['expiry-not-extended', 'intent-left'],
    );
  });
});
