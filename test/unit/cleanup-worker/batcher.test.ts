import { createManualClock } from '@holdfast/testkit';
import assert from 'node:assert/strict';
import { createBatcher, NotSent } from '../../../services/cleanup-worker/src/cleaning/batcher.js';
import { nextTurn } from './fake-store.js';

interface Call {
  readonly entries: readonly string[];
  readonly signal: AbortSignal;
  /** Answers the entries in upper case. */
  end(): void;
  fail(error: Error): void;
}

const gatherMs = 20;

/** A batcher whose calls end when the test says so. */
function arrange(batchMax = 100, callsMax = 2) {
  const calls: Call[] = [];
  const clock = createManualClock();
  const batcher = createBatcher<string>(
    { batchMax, callsMax, gatherMs },
    (entries, signal) =>
      new Promise((resolve, reject) => {
        const end = (): void => resolve(entries.map((entry) => entry.toUpperCase()));
        calls.push({ entries, signal, end, fail: reject });
      }),
    { clock },
  );
  const run = (entry: string, signal = new AbortController().signal): Promise<string> => {
    const result = batcher.run(entry, signal);
    result.catch(() => undefined);
    return result;
  };
  /** So long that no call that is on its way is waited for any more. */
  const losePatience = async (): Promise<void> => {
    clock.advance(gatherMs);
    await nextTurn();
    await nextTurn();
  };
  return { batcher, calls, run, losePatience };
}

function entriesOf(calls: readonly Call[]): readonly (readonly string[])[] {
  return calls.map(({ entries }) => entries);
}

describe('A batcher', () => {
  it('sends what is asked for at the same time in one call, and answers each its own', async () => {
    const { calls, run } = arrange();
    const results = ['a', 'b', 'c'].map((entry) => run(entry));
    await nextTurn();
    assert.deepEqual(entriesOf(calls), [['a', 'b', 'c']]);
    calls[0]?.end();
    assert.deepEqual(await Promise.all(results), ['A', 'B', 'C']);
  });

  it('does not wait for company when it has nothing else to do', async () => {
    const { calls, run } = arrange();
    void run('a');
    await nextTurn();
    assert.deepEqual(entriesOf(calls), [['a']]);
  });

  it('gathers while a call is on its way that may soon end', async () => {
    const { calls, run } = arrange();
    for (const entry of ['a', 'b', 'c']) {
      void run(entry);
      await nextTurn();
    }
    assert.deepEqual(entriesOf(calls), [['a']]);
    calls[0]?.end();
    await nextTurn();
    await nextTurn();
    assert.deepEqual(entriesOf(calls).slice(1), [['b', 'c']]);
  });

  it('does not wait for a call that takes long', async () => {
    const { calls, run, losePatience } = arrange();
    void run('a');
    await nextTurn();
    for (const entry of ['b', 'c']) void run(entry);
    await losePatience();
    assert.deepEqual(entriesOf(calls), [['a'], ['b', 'c']]);
  });

  it('does not wait once a batch is full', async () => {
    const { calls, run } = arrange(2, 2);
    void run('a');
    await nextTurn();
    for (const entry of ['b', 'c', 'd']) void run(entry);
    await nextTurn();
    assert.deepEqual(entriesOf(calls), [['a'], ['b', 'c']]);
  });

  it('gathers while all calls are taken, and goes on when one ends', async () => {
    const { calls, run, losePatience } = arrange(100, 2);
    for (const entry of ['a', 'b', 'c', 'd', 'e']) {
      void run(entry);
      await nextTurn();
      if (entry < 'c') await losePatience();
    }
    await losePatience();
    assert.deepEqual(entriesOf(calls), [['a'], ['b']]);
    calls[1]?.end();
    await nextTurn();
    await nextTurn();
    assert.deepEqual(entriesOf(calls).slice(2), [['c', 'd', 'e']]);
  });

  it('sends no more in one call than it may', async () => {
    const { calls, run } = arrange(2, 3);
    for (const entry of ['a', 'b', 'c', 'd', 'e', 'f', 'g']) void run(entry);
    await nextTurn();
    assert.deepEqual(entriesOf(calls), [
      ['a', 'b'],
      ['c', 'd'],
      ['e', 'f'],
    ]);
  });

  it('fails all entries of a call that fails, with its error', async () => {
    const { calls, run } = arrange();
    const results = [run('a'), run('b')];
    await nextTurn();
    calls[0]?.fail(new Error('lost'));
    for (const result of results) await assert.rejects(result, /lost/);
  });

  it('lets an entry of a failed call travel alone, until it has been answered', async () => {
    const { calls, run, losePatience } = arrange(100, 10);
    const results = [run('a'), run('b')];
    await nextTurn();
    calls[0]?.fail(new Error('lost'));
    await Promise.allSettled(results);

    for (const entry of ['c', 'a', 'd', 'b']) void run(entry);
    await losePatience();
    await losePatience();
    assert.deepEqual(entriesOf(calls).slice(1), [['c', 'd'], ['a'], ['b']]);
    for (const call of calls) call.end();
    await nextTurn();

    for (const entry of ['a', 'b']) void run(entry);
    await nextTurn();
    assert.deepEqual(entriesOf(calls).slice(4), [['a', 'b']]);
  });

  it('suspects nobody of a call that was not sent', async () => {
    const { calls, run } = arrange(100, 10);
    const results = [run('a'), run('b')];
    await nextTurn();
    calls[0]?.fail(new NotSent('no store'));
    for (const result of results) await assert.rejects(result, NotSent);
    for (const entry of ['a', 'b']) void run(entry);
    await nextTurn();
    assert.deepEqual(entriesOf(calls).slice(1), [['a', 'b']]);
  });

  it('gives an entry up when its signal aborts, and leaves the others of its call alone', async () => {
    const { calls, run } = arrange();
    const impatient = new AbortController();
    const lost = run('a', impatient.signal);
    const kept = run('b');
    await nextTurn();
    impatient.abort(new Error('too late'));
    await assert.rejects(lost, /too late/);
    assert.equal(calls[0]?.signal.aborted, false);
    calls[0]?.end();
    assert.equal(await kept, 'B');
  });

  it('does not send what was given up while it waited', async () => {
    const { calls, run } = arrange(100, 1);
    void run('a');
    await nextTurn();
    const impatient = new AbortController();
    const lost = run('b', impatient.signal);
    void run('c');
    impatient.abort(new Error('too late'));
    await assert.rejects(lost, /too late/);
    calls[0]?.end();
    await nextTurn();
    await nextTurn();
    assert.deepEqual(entriesOf(calls).slice(1), [['c']]);
  });

  it('sends nothing for a signal that has aborted before', async () => {
    const { calls, run } = arrange();
    await assert.rejects(run('a', AbortSignal.abort(new Error('too late'))), /too late/);
    await nextTurn();
    assert.deepEqual(calls, []);
  });

  it('cancels a call that nobody waits for any more', async () => {
    const { calls, run } = arrange();
    const impatient = new AbortController();
    const results = [run('a', impatient.signal), run('b', impatient.signal)];
    await nextTurn();
    impatient.abort(new Error('too late'));
    await Promise.allSettled(results);
    assert.equal(calls[0]?.signal.aborted, true);
  });

  it('gives up all that it is at', async () => {
    const { batcher, calls, run } = arrange(1, 1);
    const results = [run('sent'), run('waiting')];
    await nextTurn();
    batcher.giveUp(new Error('the end'));
    for (const result of results) await assert.rejects(result, /the end/);
    assert.equal(calls[0]?.signal.aborted, true);
    await nextTurn();
    assert.equal(calls.length, 1);
  });
});
