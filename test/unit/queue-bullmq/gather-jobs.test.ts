import { hasCode } from '@holdfast/domain';
import assert from 'node:assert/strict';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { createGatherer } from '../../../packages/queue-bullmq/src/gather-jobs.js';

const options = { inFlightMax: 1_000, bulkMax: 10, bulksMax: 2 };

/** What is sent, and is answered only when the test says so. */
function createSink() {
  const bulks: (readonly number[])[] = [];
  const answers: { readonly accept: () => void; readonly refuse: (error: Error) => void }[] = [];
  return {
    bulks,
    answers,
    send: (entries: readonly number[]) =>
      new Promise<void>((accept, refuse) => {
        bulks.push(entries);
        answers.push({ accept, refuse });
      }),
  };
}

function numbers(count: number, from = 0): number[] {
  return Array.from({ length: count }, (_, index) => from + index);
}

describe('A gatherer', () => {
  it('sends together what comes in one turn', async () => {
    const sink = createSink();
    const gatherer = createGatherer(sink.send, options);
    const added = numbers(10).map(gatherer.add);
    await nextTurn();
    assert.deepEqual(sink.bulks, [numbers(10)]);
    sink.answers[0]?.accept();
    await Promise.all(added);
    assert.equal(gatherer.inFlight(), 0);
  });

  it('sends what comes meanwhile with the next answer', async () => {
    const sink = createSink();
    const gatherer = createGatherer(sink.send, options);
    const first = gatherer.add(0);
    await nextTurn();
    const others = numbers(5, 1).map(gatherer.add);
    await nextTurn();
    assert.deepEqual(sink.bulks, [[0]]);
    sink.answers[0]?.accept();
    await first;
    await nextTurn();
    assert.deepEqual(sink.bulks, [[0], numbers(5, 1)]);
    sink.answers[1]?.accept();
    await Promise.all(others);
  });

  it('sends so much at once, in so many pieces at once, and no more', async () => {
    const sink = createSink();
    const gatherer = createGatherer(sink.send, options);
    const added = numbers(45).map(gatherer.add);
    const sent: number[] = [];
    while (sent.length < 45) {
      await nextTurn();
      assert.ok(sink.bulks.length <= 2 && sink.bulks.length > 0);
      assert.ok(sink.bulks.every((bulk) => bulk.length <= options.bulkMax));
      sent.push(...sink.bulks.splice(0).flat());
      for (const { accept } of sink.answers.splice(0)) accept();
    }
    await Promise.all(added);
    assert.deepEqual(sent, numbers(45));
  });

  it('loses nothing that is added just when an answer comes', async () => {
    const sink = createSink();
    const gatherer = createGatherer(sink.send, options);
    const chains = numbers(20).map(async (start) => {
      for (let step = 0; step < 50; step += 1) await gatherer.add(start);
    });
    do {
      for (const { accept } of sink.answers.splice(0)) accept();
      await nextTurn();
    } while (gatherer.inFlight() > 0);
    await Promise.all(chains);
    assert.equal(sink.bulks.flat().length, 1_000);
  });

  it('tells all of a piece that was refused why', async () => {
    const sink = createSink();
    const gatherer = createGatherer(sink.send, options);
    const added = Promise.allSettled(numbers(3).map(gatherer.add));
    await nextTurn();
    sink.answers[0]?.refuse(new Error('no'));
    for (const outcome of await added) {
      assert.ok(outcome.status === 'rejected' && String(outcome.reason) === 'Error: no');
    }
    const next = gatherer.add(9);
    await nextTurn();
    sink.answers[1]?.accept();
    await next;
  });

  it('refuses what is too much, and what comes after its end', async () => {
    const sink = createSink();
    const gatherer = createGatherer(sink.send, { ...options, inFlightMax: 2 });
    const added = numbers(2).map(gatherer.add);
    await assert.rejects(gatherer.add(2), (error) => hasCode(error, 'TIER_UNAVAILABLE'));
    const closed = gatherer.close(1_000);
    await assert.rejects(gatherer.add(3), (error) => hasCode(error, 'TIER_UNAVAILABLE'));
    await nextTurn();
    sink.answers[0]?.accept();
    await Promise.all([...added, closed]);
    assert.deepEqual(sink.bulks, [[0, 1]]);
  });

  it('refuses at its end what it could not send in time, and does not wait for the rest', async () => {
    const sink = createSink();
    const gatherer = createGatherer(sink.send, { ...options, bulksMax: 1 });
    const [sent, ...others] = numbers(12).map(gatherer.add);
    await nextTurn();
    await gatherer.close(1);
    for (const unsent of others.slice(9)) {
      await assert.rejects(unsent, (error) => hasCode(error, 'TIER_UNAVAILABLE'));
    }
    assert.equal(gatherer.inFlight(), 10);
    sink.answers[0]?.accept();
    await sent;
    assert.deepEqual(sink.bulks, [numbers(10)]);
    assert.equal(gatherer.inFlight(), 0);
  });
});
