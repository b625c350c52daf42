import type { Timestamp } from '@holdfast/domain';
import { createManualClock } from '@holdfast/testkit';
import assert from 'node:assert/strict';

const start = 1_000_000 as Timestamp;

describe('the manual clock', () => {
  it('stands still until it is told to move', () => {
    const clock = createManualClock(start);
    assert.equal(clock.now(), start);
    clock.advance(250);
    assert.equal(clock.now(), start + 250);
  });

  it('wakes those whose sleep is over, the earliest first, and no others', async () => {
    const clock = createManualClock(start);
    const woken: string[] = [];
    const sleep = async (ms: number, name: string): Promise<void> => {
      await clock.sleep(ms);
      woken.push(name);
    };
    const sleeping = [sleep(30, 'c'), sleep(10, 'a'), sleep(30, 'd'), sleep(20, 'b')];
    const later = sleep(31, 'e');
    clock.advance(30);
    await Promise.all(sleeping);
    assert.deepEqual(woken, ['a', 'b', 'c', 'd']);
    assert.equal(clock.sleepers(), 1);
    clock.advance(1);
    await later;
    assert.equal(clock.sleepers(), 0);
  });

  it('lets nobody oversleep or wake early when the time of day is set', async () => {
    const clock = createManualClock(start);
    const sleeping = clock.sleep(100);
    clock.set((start + 10_000) as Timestamp);
    assert.equal(clock.sleepers(), 1);
    clock.set(5 as Timestamp);
    clock.advance(100);
    await sleeping;
    assert.equal(clock.now(), 105);
  });

  it('ends a sleep whose signal aborts, before or during it, without an error', async () => {
    const clock = createManualClock(start);
    const controller = new AbortController();
    const sleeping = clock.sleep(1000, controller.signal);
    controller.abort();
    await sleeping;
    await clock.sleep(1000, controller.signal);
    assert.equal(clock.sleepers(), 0);
  });
});
