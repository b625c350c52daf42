import { reasonError, StoreUnreachable } from '@holdfast/rpc';
import assert from 'node:assert/strict';
import { createCleaningBed, type CleaningBed } from './cleaning-bed.js';
import { deleted, entryError, nextTurn } from './fake-store.js';

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
/** Coarse, for hours to pass in a moment. */
const stepMs = 5 * second;
const lost = entryError(reasonError('TIER_UNAVAILABLE', 'the storage is unavailable'));

describe('Cleaning with the default settings', () => {
  let bed: CleaningBed;
  beforeEach(() => {
    bed = createCleaningBed();
  });
  afterEach(() => bed.dispose());

  async function countDead(): Promise<number> {
    return (await bed.deadLetters()).length;
  }

  async function passUntilEmpty(msMax: number): Promise<void> {
    for (let passed = 0; passed < msMax && !bed.isEmpty(); passed += minute) {
      await bed.pass(minute, stepMs);
    }
    assert.ok(bed.isEmpty(), `something is left after ${msMax} ms`);
  }

  it('shows one that can never be cleaned, also when the store restarts meanwhile', async () => {
    bed.store.answerSettle = () => lost;
    await bed.addChanges(1);
    await bed.pass(20 * second);
    bed.store.before = () => Promise.reject(new StoreUnreachable());
    await bed.pass(minute);
    assert.notEqual(bed.cleaning.breaker.state(), 'closed');
    bed.store.before = () => nextTurn();
    await passUntilEmpty(hour);
    assert.equal(await countDead(), 1);
    assert.equal(bed.cleaning.breaker.state(), 'closed');
  });

  for (const count of [2, 5, 20]) {
    it(`shows ${count} that can never be cleaned, with nothing else to do`, async () => {
      bed.store.answerSettle = () => lost;
      await bed.addChanges(count);
      await bed.pass(2 * hour - minute, stepMs);
      assert.equal(await countDead(), 0);
      await passUntilEmpty(6 * hour);
      assert.equal(await countDead(), count);
    });
  }

  it('shows those that can never be cleaned among few that can, and does these', async () => {
    const bad = new Set(await bed.addChanges(6));
    bed.store.answerSettle = (changeId) => (bad.has(changeId) ? lost : deleted);
    for (let passed = 0; passed < 5 * hour; passed += 15 * minute) {
      await bed.addChanges(1);
      await bed.pass(15 * minute, stepMs);
      assert.equal(await bed.runs('done'), passed / (15 * minute) + 1);
    }
    assert.equal(await countDead(), bad.size);
  });

  for (const everyMs of [10 * second, minute, 2 * minute, 5 * minute]) {
    it(`gives nothing up in an hour's outage, with a change every ${everyMs / second} s`, async () => {
      await bed.addChanges(1);
      await bed.pass(everyMs, stepMs);
      bed.store.answerSettle = () => lost;
      for (let passed = 0; passed < hour; passed += everyMs) {
        await bed.addChanges(1);
        await bed.pass(everyMs, stepMs);
      }
      bed.store.answerSettle = () => deleted;
      await passUntilEmpty(hour);
      assert.equal(await countDead(), 0);
      assert.equal(await bed.runs('done'), hour / everyMs + 1);
    });
  }

  for (const count of [2, 5, 50]) {
    it(`gives none of ${count} up in an hour's outage`, async () => {
      bed.store.answerSettle = () => lost;
      await bed.addChanges(count);
      await bed.pass(hour, stepMs);
      bed.store.answerSettle = () => deleted;
      await passUntilEmpty(hour);
      assert.equal(await countDead(), 0);
      assert.equal(await bed.runs('done'), count);
    });
  }

  it('gives nothing up of many in an outage of six hours, and does all of it afterwards', async () => {
    bed.store.answerSettle = () => lost;
    await bed.addChanges(400);
    await bed.pass(6 * hour, stepMs);
    assert.equal(await bed.runs('done'), 0);
    bed.store.answerSettle = () => deleted;
    await passUntilEmpty(hour);
    assert.equal(await countDead(), 0);
    assert.equal(await bed.runs('done'), 400);
  });
});
