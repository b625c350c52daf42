import { abortablePayload, hasCode } from '@holdfast/domain';
import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

interface Source {
  readonly iterator: AsyncIterator<Uint8Array>;
  readonly controller: AbortController;
  readonly calls: readonly string[];
}

type Answer = Promise<IteratorResult<Uint8Array>>;

const chunk = Uint8Array.of(1, 2, 3);
const delivered = async (): Answer => ({ done: false, value: chunk });
const ended = async (): Answer => ({ done: true, value: undefined });
const hangs = (): Answer => new Promise(() => undefined);
const failed = (): Answer => Promise.reject(new Error('lost'));

/** A source that answers each `next` by the one of `answers` in turn, behind a signal. */
function open(answers: readonly (() => Answer)[], onReturn: () => Answer = ended): Source {
  const left = [...answers];
  const calls: string[] = [];
  const source: AsyncIterator<Uint8Array> = {
    next() {
      calls.push('next');
      return (left.shift() ?? ended)();
    },
    return() {
      calls.push('return');
      return onReturn();
    },
  };
  const controller = new AbortController();
  const payload = { [Symbol.asyncIterator]: () => source };
  const iterator = abortablePayload(payload, controller.signal)[Symbol.asyncIterator]();
  return { iterator, controller, calls };
}

const isCancelled = (error: unknown): boolean => hasCode(error, 'CANCELLED');

async function referenceToNext(iterator: AsyncIterator<Uint8Array>): Promise<WeakRef<Uint8Array>> {
  const next = await iterator.next();
  assert.ok(next.done !== true);
  return new WeakRef(next.value);
}

function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function assertNotListening({ controller }: Source): void {
  assert.deepEqual(getEventListeners(controller.signal, 'abort'), []);
}

describe('a payload behind a signal', () => {
  it('is the payload itself when there is no signal', () => {
    const payload = { [Symbol.asyncIterator]: () => open([]).iterator };
    assert.equal(abortablePayload(payload, undefined), payload);
  });

  it('hands on the chunks and the end', async () => {
    const source = open([delivered, delivered]);
    const chunks: Uint8Array[] = [];
    for await (const next of { [Symbol.asyncIterator]: () => source.iterator }) chunks.push(next);
    assert.deepEqual(chunks, [chunk, chunk]);
    assert.deepEqual(source.calls, ['next', 'next', 'next']);
    assertNotListening(source);
  });

  it('listens to the signal only while a chunk is waited for', async () => {
    const source = open([delivered, hangs]);
    assertNotListening(source);
    await source.iterator.next();
    assertNotListening(source);
    const waiting = source.iterator.next();
    assert.equal(getEventListeners(source.controller.signal, 'abort').length, 1);
    source.controller.abort();
    await assert.rejects(waiting, isCancelled);
    assertNotListening(source);
  });

  it('lets go of the chunks that it has handed on', async () => {
    const fresh = async (): Answer => ({ done: false, value: new Uint8Array(1000) });
    const { iterator } = open([fresh, fresh]);
    const first = await referenceToNext(iterator);
    await iterator.next();
    await nextTurn();
    collectGarbage();
    assert.equal(first.deref(), undefined);
    assert.equal((await iterator.next()).done, true);
  });
});

describe('a payload whose signal aborts', () => {
  it('ends the wait at once while the source hangs, with the reason as the cause', async () => {
    const source = open([delivered, hangs], hangs);
    await source.iterator.next();
    const waiting = source.iterator.next();
    const reason = new Error('the caller hung up');
    source.controller.abort(reason);
    await assert.rejects(waiting, (error) => {
      assert.ok(error instanceof Error && isCancelled(error));
      assert.equal(error.cause, reason);
      return true;
    });
    assert.deepEqual(source.calls, ['next', 'next', 'return'], 'asked to end, and not waited for');
    assertNotListening(source);
  });

  it('is not asked for a chunk when it aborts before the first', async () => {
    const source = open([delivered], hangs);
    source.controller.abort();
    await assert.rejects(source.iterator.next(), isCancelled);
    assert.deepEqual(source.calls, ['return']);
    assertNotListening(source);
  });

  it('is not asked for another chunk when it aborts between two', async () => {
    const source = open([delivered, delivered]);
    await source.iterator.next();
    source.controller.abort();
    await assert.rejects(source.iterator.next(), isCancelled);
    assert.deepEqual(source.calls, ['next', 'return']);
  });

  it('never looks like one that has ended, and is asked to end only once', async () => {
    const source = open([hangs]);
    const waiting = source.iterator.next();
    source.controller.abort();
    await assert.rejects(waiting, isCancelled);
    await assert.rejects(source.iterator.next(), isCancelled);
    await source.iterator.return?.();
    assert.deepEqual(source.calls, ['next', 'return']);
  });

  it('has no use for what the source answers later', async () => {
    let fail: (error: Error) => void = () => undefined;
    const late = (): Answer => new Promise((_, reject) => (fail = reject));
    const source = open([late], failed);
    const waiting = source.iterator.next();
    source.controller.abort();
    await assert.rejects(waiting, isCancelled);
    fail(new Error('too late'));
    // An unhandled rejection would end the test run.
    await nextTurn();
  });

  it('has ended all the same when that was before', async () => {
    const source = open([delivered]);
    await source.iterator.next();
    assert.equal((await source.iterator.next()).done, true);
    source.controller.abort();
    assert.equal((await source.iterator.next()).done, true);
    await source.iterator.return?.();
    assert.deepEqual(source.calls, ['next', 'next']);
    assertNotListening(source);
  });
});

describe('a payload behind a signal that is returned', () => {
  it('returns the source and waits for it', async () => {
    let finish: () => void = () => undefined;
    const source = open(
      [delivered],
      () => new Promise((resolve) => (finish = () => resolve(ended()))),
    );
    await source.iterator.next();
    let isBack = false;
    const returning = source.iterator.return?.().then(() => (isBack = true));
    await nextTurn();
    assert.equal(isBack, false);
    finish();
    await returning;
    assert.deepEqual(source.calls, ['next', 'return']);
    assert.equal((await source.iterator.next()).done, true);
    assertNotListening(source);
  });

  it('passes on why the source could not end', async () => {
    const source = open([delivered], failed);
    await assert.rejects(async () => source.iterator.return?.(), /lost/);
    assertNotListening(source);
  });

  it('waits no longer for the source once the signal aborts', async () => {
    const source = open([delivered], hangs);
    const returning = source.iterator.return?.();
    source.controller.abort();
    assert.equal((await returning)?.done, true);
    assertNotListening(source);
  });

  it('is content with a source that cannot be returned', async () => {
    const { signal } = new AbortController();
    const payload = { [Symbol.asyncIterator]: () => ({ next: delivered }) };
    const iterator = abortablePayload(payload, signal)[Symbol.asyncIterator]();
    assert.equal((await iterator.return?.())?.done, true);
  });

  it('leaves a source alone that has failed by itself', async () => {
    const source = open([failed]);
    await assert.rejects(source.iterator.next(), /lost/);
    await source.iterator.return?.();
    assert.deepEqual(source.calls, ['next']);
    assertNotListening(source);
  });
});
