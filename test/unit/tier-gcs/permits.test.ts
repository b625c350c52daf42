import { hasCode } from '@holdfast/domain';
import { createManualClock } from '@holdfast/testkit';
import assert from 'node:assert/strict';
import { createPermits } from '../../../packages/tier-gcs/src/permits.js';

describe('permits', () => {
  const clock = createManualClock();
  const { signal } = new AbortController();

  it('are given in the order in which they were asked for', async () => {
    const permits = createPermits('uploads', 2, clock);
    const first = await permits.take(1000, signal);
    const second = await permits.take(1000, signal);
    const order: string[] = [];
    const waiting = ['a', 'b', 'c'].map(async (name) => {
      const release = await permits.take(1000, signal);
      order.push(name);
      return release;
    });
    first();
    (await waiting[0])?.();
    (await waiting[1])?.();
    second();
    await waiting[2];
    assert.deepEqual(order, ['a', 'b', 'c']);
  });

  it('are given back once, however often that is said', async () => {
    const permits = createPermits('uploads', 1, clock);
    const release = await permits.take(1000, signal);
    release();
    release();
    await permits.take(1000, signal);
    const aborted = AbortSignal.abort(new Error('nobody waits'));
    await assert.rejects(permits.take(1000, aborted), /nobody waits/);
    const taking = permits.take(1000, signal);
    clock.advance(1001);
    await assert.rejects(taking, (error) => hasCode(error, 'TIER_UNAVAILABLE'));
  });

  it('do not go to those who wait no longer', async () => {
    const permits = createPermits('uploads', 1, clock);
    const release = await permits.take(1000, signal);
    const controller = new AbortController();
    const gaveUp = assert.rejects(permits.take(1000, controller.signal), /enough/);
    const late = assert.rejects(permits.take(10, signal), /1 uploads are under way/);
    const patient = permits.take(1000, signal);
    controller.abort(new Error('enough'));
    clock.advance(11);
    await Promise.all([gaveUp, late]);
    release();
    (await patient)();
    await permits.take(1000, signal);
  });

  it('are given at once or not at all where some are to be left', async () => {
    const permits = createPermits('uploads', 3, clock);
    const release = permits.tryTake(1);
    assert.ok(permits.tryTake(1) !== undefined);
    assert.equal(permits.tryTake(1), undefined);
    assert.equal(permits.taken(), 2);
    await permits.take(1000, signal);
    release?.();
    assert.equal(permits.taken(), 2);
    assert.ok(permits.tryTake(0) !== undefined);
    assert.equal(permits.tryTake(0), undefined);
  });
});
