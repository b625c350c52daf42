import { createByteBudget, type ByteBudget, type Lease } from '@holdfast/service-kit';
import fc from 'fast-check';
import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';

describe('a byte budget', () => {
  it('grants at once, without a promise, what there is room for', () => {
    const budget = createByteBudget({ bytesMax: 10 });
    const lease = budget.open();
    assert.equal(lease.grow(4), undefined);
    assert.equal(lease.grow(6), undefined);
    assert.equal(budget.used(), 10);
    assert.equal(budget.waiting(), 0);
  });

  it('lets who asks for too much wait until others have given back', async () => {
    const budget = createByteBudget({ bytesMax: 10 });
    const [one, other] = [holding(budget, 8), budget.open()];
    const waiting = other.grow(4);
    assert.equal(budget.waiting(), 1);
    one.shrink(1);
    assert.equal(budget.waiting(), 1);
    one.shrink(1);
    await waiting;
    assert.deepEqual([budget.used(), budget.waiting()], [10, 0]);
  });

  it('serves those who wait in the order in which they came, small ones too', async () => {
    const budget = createByteBudget({ bytesMax: 10 });
    const one = holding(budget, 10);
    const served: string[] = [];
    const waiting = [9, 1, 2].map((bytes) => {
      return Promise.resolve(budget.open().grow(bytes)).then(() => served.push(`${bytes}`));
    });
    one.shrink(5);
    assert.equal(budget.waiting(), 3, 'the small ones do not overtake');
    one.close();
    await Promise.all(waiting.slice(0, 2));
    assert.deepEqual(served, ['9', '1']);
    assert.deepEqual([budget.used(), budget.waiting()], [10, 1]);
  });

  it('lets a new one wait behind those who wait, even if there was room for it', () => {
    const budget = createByteBudget({ bytesMax: 10 });
    holding(budget, 5);
    void budget.open().grow(6);
    assert.ok(budget.open().grow(1) instanceof Promise);
  });

  it('lets the one opened first go on when all that hold bytes wait', async () => {
    const budget = createByteBudget({ bytesMax: 10 });
    const [first, second] = [holding(budget, 5), holding(budget, 5)];
    const secondWaits = settled(second.grow(5));
    const firstWaits = settled(first.grow(5));
    assert.deepEqual([await firstWaits, isPending(secondWaits)], ['granted', true]);
    assert.equal(budget.used(), 15);
    // It stays the first, so that what is above the budget is what one of them asks for.
    assert.equal(await settled(first.grow(5)), 'granted');
    assert.equal(isPending(secondWaits), true);
    first.close();
    assert.equal(await secondWaits, 'granted');
    second.close();
    assert.equal(budget.used(), 0);
  });

  it('lets one go on that asks for more than there is, once nobody else holds bytes', async () => {
    const budget = createByteBudget({ bytesMax: 10 });
    const one = holding(budget, 1);
    const large = budget.open();
    const waiting = settled(large.grow(100));
    assert.equal(isPending(waiting), true);
    one.close();
    assert.equal(await waiting, 'granted');
    large.close();
    assert.equal(await settled(budget.open().grow(11)), 'granted');
  });

  it('gives back all of a lease that is closed, once', () => {
    const budget = createByteBudget({ bytesMax: 10 });
    const lease = holding(budget, 6);
    holding(budget, 1);
    lease.close();
    lease.close();
    assert.equal(budget.used(), 1);
  });

  it('tells who waits on a lease that it was closed', async () => {
    const budget = createByteBudget({ bytesMax: 10 });
    const [one, other] = [holding(budget, 5), holding(budget, 5)];
    const waiting = Promise.resolve(other.grow(1));
    other.close();
    await assert.rejects(waiting, /the lease was closed/);
    assert.deepEqual([budget.used(), budget.waiting()], [5, 0]);
    one.close();
  });

  it('lets go at once of who gives up, serves the next, and leaves nothing on its signal', async () => {
    const budget = createByteBudget({ bytesMax: 10 });
    holding(budget, 5);
    const leaver = new AbortController();
    const why = new Error('the caller went away');
    const leaving = Promise.resolve(budget.open().grow(6, leaver.signal));
    const next = budget.open().grow(5);
    leaver.abort(why);
    await assert.rejects(leaving, why);
    await next;
    assert.deepEqual([budget.used(), budget.waiting()], [10, 0]);
    assert.equal(getEventListeners(leaver.signal, 'abort').length, 0);
  });

  it('lets a cancelled wait leave what the lease holds as it was', async () => {
    const budget = createByteBudget({ bytesMax: 10 });
    holding(budget, 6);
    const lease = holding(budget, 4);
    const leaver = new AbortController();
    const waiting = Promise.resolve(lease.grow(5, leaver.signal));
    leaver.abort();
    await assert.rejects(waiting);
    assert.equal(budget.used(), 10);
    lease.close();
    assert.equal(budget.used(), 6);
  });

  it('lets a lease give back while it waits, down to nothing', async () => {
    const budget = createByteBudget({ bytesMax: 10 });
    const [one, other] = [holding(budget, 5), holding(budget, 5)];
    const waiting = settled(other.grow(6));
    other.shrink(5);
    // One that holds bytes does not wait, so nobody is let through above the budget.
    assert.equal(isPending(waiting), true);
    assert.equal(budget.used(), 5);
    const oneWaits = settled(one.grow(6));
    assert.equal(await oneWaits, 'granted');
    one.close();
    assert.equal(await waiting, 'granted');
    assert.equal(budget.used(), 6);
  });

  it('does not let a lease give back more than it holds', () => {
    const budget = createByteBudget({ bytesMax: 10 });
    const lease = holding(budget, 2);
    assert.throws(() => lease.shrink(3), /at most what it holds/);
  });

  it('never deadlocks, whatever uploads and downloads ask for and give back', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 40 }), transfers(), async (bytesMax, all) => {
        await runTransfers(bytesMax, all);
      }),
      { numRuns: 500 },
    );
  });

  it('exceeds its bytes by what one transfer asks for, however many there are', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 40 }), transfers(), async (bytesMax, all) => {
        const asked = all.map((steps) => steps.reduce((sum, { bytes }) => sum + bytes, 0));
        const used = await runTransfers(bytesMax, all);
        assert.ok(used <= bytesMax + Math.max(...asked), `${used} of ${bytesMax}`);
      }),
      { numRuns: 500 },
    );
  });
});

interface TransferStep {
  /** Asked for in this step. */
  readonly bytes: number;
  /** The part of what is held that is given back after it. */
  readonly givesBack: number;
  readonly gap: number;
  /** Gives up if it has to wait. */
  readonly isImpatient: boolean;
  /** Gives back all it held so far while it waits. */
  readonly givesBackEarly: boolean;
}

function transfers(): fc.Arbitrary<TransferStep[][]> {
  const step = fc.record({
    bytes: fc.integer({ min: 0, max: 30 }),
    givesBack: fc.constantFrom(0, 0, 0.5, 1),
    gap: fc.nat(3),
    isImpatient: fc.constantFrom(false, false, false, true),
    givesBackEarly: fc.constantFrom(false, false, true),
  });
  return fc.array(fc.array(step, { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 12 });
}

/** Runs all at once, to their end. Answers the most that was used. */
async function runTransfers(bytesMax: number, all: readonly TransferStep[][]): Promise<number> {
  const budget = createByteBudget({ bytesMax });
  let usedMax = 0;
  let held = 0;

  async function transfer(steps: readonly TransferStep[]): Promise<void> {
    const lease = budget.open();
    let holds = 0;
    for (const { bytes, givesBack, gap, isImpatient, givesBackEarly } of steps) {
      for (let left = gap; left > 0; left -= 1) await turn();
      const leaver = new AbortController();
      const waiting = lease.grow(bytes, leaver.signal);
      if (waiting !== undefined && givesBackEarly) {
        lease.shrink(holds);
        held -= holds;
        holds = 0;
      }
      if (isImpatient) queueMicrotask(() => leaver.abort(new Error('impatient')));
      try {
        await waiting;
      } catch {
        break;
      }
      holds += bytes;
      held += bytes;
      usedMax = Math.max(usedMax, budget.used());
      const back = Math.floor(holds * givesBack);
      lease.shrink(back);
      holds -= back;
      held -= back;
    }
    held -= holds;
    lease.close();
  }

  const running = new Set(all);
  const ended = Promise.all(
    all.map((steps) => transfer(steps).finally(() => running.delete(steps))),
  );
  // Far more turns than all transfers together take when nobody is stuck.
  for (let left = 2_000; running.size > 0; left -= 1) {
    assert.ok(left > 0, `nobody can go on: ${running.size} are stuck`);
    await turn();
  }
  await ended;
  assert.deepEqual([budget.used(), budget.waiting(), held], [0, 0, 0]);
  return usedMax;
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function holding(budget: ByteBudget, bytes: number): Lease {
  const lease = budget.open();
  assert.equal(lease.grow(bytes), undefined);
  return lease;
}

const pending = new WeakSet<Promise<unknown>>();

/** The outcome of a wait, which `isPending` knows of. */
function settled(wait: Promise<void> | undefined): Promise<'granted'> {
  const outcome = Promise.resolve(wait).then(() => {
    pending.delete(outcome);
    return 'granted' as const;
  });
  pending.add(outcome);
  return outcome;
}

function isPending(wait: Promise<unknown>): boolean {
  return pending.has(wait);
}
