import assert from 'node:assert/strict';
import { createInOrder } from '../../../services/tiered-store/src/maintenance/in-order.js';
import { createGate } from '../../support/engine/hold.js';
import { until } from './fake-call.js';

const never = new AbortController().signal;
const concurrencyMax = 64;
const thousand = Array.from({ length: 1_000 }, (_, index) => index);

describe('The entries of a call', () => {
  it('are answered in their order, whichever ends first', async () => {
    const inOrder = createInOrder();
    const answers = await inOrder(thousand, never, async (entry, index) => {
      for (let turns = entry % 7; turns > 0; turns -= 1) await Promise.resolve();
      return entry * 2 + (index - entry);
    });
    assert.deepEqual(
      answers,
      thousand.map((entry) => entry * 2),
    );
    assert.deepEqual(await inOrder([], never, () => Promise.reject(new Error('none'))), []);
  });

  it('are dealt with a few at a time, of all calls together', async () => {
    const inOrder = createInOrder();
    let running = 0;
    let most = 0;
    const dealWith = async (): Promise<void> => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setImmediate(resolve));
      running -= 1;
    };
    const calls = Array.from({ length: 5 }, () => inOrder(thousand, never, dealWith));
    await Promise.all(calls);
    assert.equal(most, concurrencyMax);
  });

  it('of a short call do not wait for the end of a long one', async () => {
    const inOrder = createInOrder();
    let dealtWith = 0;
    const long = inOrder(thousand, never, async () => {
      await new Promise((resolve) => setImmediate(resolve));
      dealtWith += 1;
    });
    await inOrder([1], never, () => Promise.resolve());
    assert(dealtWith < thousand.length / 2);
    await long;
  });

  it('are left when the caller is gone: those begun end, and no other begins', async () => {
    const inOrder = createInOrder();
    const gate = createGate();
    const gone = new Error('gone');
    const caller = new AbortController();
    const begun: number[] = [];
    const calling = inOrder(thousand, caller.signal, async (entry) => {
      begun.push(entry);
      await gate.passed;
    });
    await until(() => begun.length === concurrencyMax);
    const other = inOrder([1, 2], never, async (entry) => entry);
    caller.abort(gone);
    gate.open();
    await assert.rejects(calling, gone);
    assert.deepEqual(await other, [1, 2], 'the turns of the first are free again');
    assert.equal(begun.length, concurrencyMax);
  });

  it('are left while they wait for the turn of others', async () => {
    const inOrder = createInOrder();
    const gate = createGate();
    const holding = inOrder(thousand.slice(0, concurrencyMax), never, () => gate.passed);
    const caller = new AbortController();
    const gone = new Error('gone');
    const waiting = inOrder([1, 2], caller.signal, () => Promise.reject(new Error('begun')));
    caller.abort(gone);
    await assert.rejects(waiting, gone);
    gate.open();
    await holding;
    await assert.rejects(
      inOrder([1], AbortSignal.abort(gone), () => Promise.reject(new Error('begun'))),
      gone,
    );
  });

  it('fail their call when one of them fails, and give their turns back', async () => {
    const inOrder = createInOrder();
    const fault = new Error('a fault');
    for (let calls = 0; calls < 2 * concurrencyMax; calls += 1) {
      await assert.rejects(
        inOrder([1, 2], never, () => Promise.reject(fault)),
        fault,
      );
    }
    assert.deepEqual(await inOrder([1], never, async (entry) => entry), [1]);
  });
});
