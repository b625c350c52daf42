import { limits } from '@holdfast/domain';
import assert from 'node:assert/strict';
import { createUsageTally } from '../../../packages/domain/src/reclaim/usage-tally.js';

const { usecasesHeldMax, usecasesShownMax } = limits;

function named(at: number): string {
  return `u${String(at).padStart(6, '0')}`;
}

describe('usage by usecase', () => {
  it('shows the usecases with the most bytes, and the others put together', () => {
    const tally = createUsageTally();
    const usecases = 3 * usecasesHeldMax;
    for (let at = 0; at < usecases; at += 1) {
      // Of two objects each, one after the other, as rows come.
      tally.addInOrder(named(at), { objects: 1, inlineBytes: at });
      tally.addInOrder(named(at), { objects: 1, blobBytes: at });
    }
    const usage = tally.usage();
    assert.equal(usage.length, usecasesShownMax + 1);
    const others = usage.at(-1);
    const shown = usage.slice(0, -1);
    assert.deepEqual(
      shown.map(({ usecase }) => usecase),
      Array.from({ length: usecasesShownMax }, (_, at) => named(usecases - 1 - at)),
    );
    assert(
      shown.every(
        ({ objects, inlineBytes, blobBytes }) => objects === 2 && inlineBytes === blobBytes,
      ),
    );
    const left = usecases - usecasesShownMax;
    const bytes = (left * (left - 1)) / 2;
    assert.deepEqual(others, {
      objects: 2 * left,
      inlineBytes: bytes,
      blobBytes: bytes,
      unreferencedBytes: 0,
    });
  });

  it('shows usecases with the same bytes by their names, in whatever order it heard of them', () => {
    const tally = createUsageTally();
    for (const usecase of ['b', 'c', 'a']) tally.addLater(usecase, { unreferencedBytes: 1 });
    assert.deepEqual(
      tally.usage().map(({ usecase }) => usecase),
      ['a', 'b', 'c'],
    );
  });

  it('has no entry for others where there are none', () => {
    const tally = createUsageTally();
    for (let at = 0; at < usecasesShownMax; at += 1) tally.addInOrder(named(at), { objects: 1 });
    assert.equal(tally.usage().length, usecasesShownMax);
    assert(tally.usage().every(({ usecase }) => usecase !== undefined));
  });

  it('adds to a usecase that it has no objects of', () => {
    const tally = createUsageTally();
    tally.addInOrder('a', { objects: 1, inlineBytes: 3 });
    tally.addLater('a', { unreferencedBytes: 1 });
    tally.addLater('b', { unreferencedBytes: 9 });
    assert.deepEqual(
      tally.usage().map(({ usecase, unreferencedBytes }) => [usecase, unreferencedBytes]),
      [
        ['b', 9],
        ['a', 1],
      ],
    );
  });

  it('counts with the others what belongs to a usecase that was put together', () => {
    const tally = createUsageTally();
    for (let at = 0; at <= usecasesHeldMax; at += 1) {
      tally.addInOrder(named(at), { objects: 1, inlineBytes: at + 1 });
    }
    tally.addLater(named(0), { unreferencedBytes: 7 });
    const usage = tally.usage();
    assert.equal(usage.at(-1)?.usecase, undefined);
    assert.equal(usage.at(-1)?.unreferencedBytes, 7);
    assert(usage.every(({ usecase }) => usecase !== named(0)));
  });
});
