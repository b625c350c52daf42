import {
  AtCapacityError,
  createAdmission,
  systemClock,
  type Admission,
  type AdmissionOptions,
  type OperationKind,
  type Permit,
} from '@holdfast/service-kit';
import { createManualClock } from '@holdfast/testkit';
import fc from 'fast-check';
import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';

const patience = { inFlightMax: 4, queueMax: 8, waitMsMax: 60_000, bulkShare: 0.5 };

describe('admission', () => {
  it('gives a permit at once, without a promise, while there is one', () => {
    const admission = admit({});
    for (let held = 1; held <= 4; held += 1) {
      assert.ok(!(admission.acquire('single') instanceof Promise));
      assert.equal(admission.inFlight(), held);
    }
    assert.equal(admission.tryAcquire('single'), undefined);
    assert.equal(admission.queued(), 0);
  });

  it('keeps bulk operations within their share', () => {
    const admission = admit({});
    const permits = [admission.tryAcquire('bulk'), admission.tryAcquire('bulk')];
    assert.equal(admission.tryAcquire('bulk'), undefined);
    assert.ok(admission.tryAcquire('single') !== undefined);
    permits[0]?.release();
    assert.ok(admission.tryAcquire('bulk') !== undefined);
  });

  it('tells its limits, and lets at least one bulk operation in', () => {
    const admission = admit({ inFlightMax: 1, queueMax: 5, bulkShare: 0.1 });
    assert.equal(admission.limits.bulkInFlightMax, 1);
    assert.equal(admission.limits.bulkQueueMax, 1);
    assert.ok(admission.tryAcquire('bulk') !== undefined);
  });

  it('serves those who wait in the order in which they came', async () => {
    const admission = admit({ inFlightMax: 1, bulkShare: 1 });
    const held = now(admission, 'single');
    const served: string[] = [];
    const waiting = (['single', 'bulk', 'single', 'bulk'] as const).map(async (kind, index) => {
      const permit = await admission.acquire(kind);
      served.push(`${kind} ${index}`);
      permit.release();
    });
    assert.equal(admission.queued(), 4);
    held.release();
    await Promise.all(waiting);
    assert.deepEqual(served, ['single 0', 'bulk 1', 'single 2', 'bulk 3']);
    assert.equal(admission.inFlight(), 0);
  });

  it('passes over bulk operations at their share, and serves them when they may', async () => {
    const admission = admit({ inFlightMax: 2, bulkShare: 0.5 });
    const bulk = now(admission, 'bulk');
    const single = now(admission, 'single');
    const bulkWaiting = admission.acquire('bulk');
    const singleWaiting = admission.acquire('single');
    single.release();
    await singleWaiting;
    assert.equal(admission.queued('bulk'), 1);
    bulk.release();
    await bulkWaiting;
    assert.deepEqual([admission.inFlight('bulk'), admission.inFlight('single')], [1, 1]);
  });

  it('does not let single operations that come later overtake a bulk one that may go', async () => {
    const admission = admit({ inFlightMax: 1, bulkShare: 1 });
    const held = now(admission, 'single');
    const bulk = admission.acquire('bulk');
    const later = admission.acquire('single');
    held.release();
    const permit = await bulk;
    assert.equal(admission.queued('single'), 1);
    permit.release();
    await later;
  });

  it('keeps places in the queue for single operations', async () => {
    const admission = admit({ inFlightMax: 1, queueMax: 4, bulkShare: 0.5 });
    now(admission, 'single');
    void admission.acquire('bulk');
    void admission.acquire('bulk');
    await assert.rejects(async () => admission.acquire('bulk'), AtCapacityError);
    void admission.acquire('single');
    void admission.acquire('single');
    await assert.rejects(async () => admission.acquire('single'), AtCapacityError);
    assert.equal(admission.queued(), 4);
  });

  it('refuses at once when the queue is full, and says when to come again', async () => {
    const admission = admit({ inFlightMax: 1, queueMax: 0, waitMsMax: 1_234 });
    now(admission, 'single');
    await assert.rejects(
      async () => admission.acquire('single'),
      (error) => error instanceof AtCapacityError && error.retryAfterMs === 1_234,
    );
  });

  it('refuses who waited for too long, and forgets it', async () => {
    const clock = createManualClock();
    const admission = createAdmission({ ...patience, inFlightMax: 1, waitMsMax: 1_000 }, { clock });
    const held = now(admission, 'single');
    const waiting = assert.rejects(async () => admission.acquire('single'), AtCapacityError);
    clock.advance(1_000);
    await waiting;
    assert.equal(admission.queued(), 0);
    held.release();
    assert.equal(admission.inFlight(), 0);
  });

  it('lets go at once of who gives up, and leaves nothing on its signal', async () => {
    const admission = admit({ inFlightMax: 1 });
    const held = now(admission, 'single');
    const leaver = new AbortController();
    const why = new Error('the caller went away');
    const leaving = Promise.resolve(admission.acquire('single', leaver.signal));
    const staying = admission.acquire('single');
    leaver.abort(why);
    assert.equal(admission.queued(), 1);
    await assert.rejects(leaving, why);
    assert.equal(getEventListeners(leaver.signal, 'abort').length, 0);
    held.release();
    await staying;
  });

  it('leaves nothing on the signal of who was served', async () => {
    const admission = admit({ inFlightMax: 1 });
    const held = now(admission, 'single');
    const { signal } = new AbortController();
    const waiting = admission.acquire('single', signal);
    held.release();
    await waiting;
    assert.equal(getEventListeners(signal, 'abort').length, 0);
  });

  it('gives nothing to who has given up before asking', async () => {
    const admission = admit({});
    const why = new Error('gone');
    await assert.rejects(async () => admission.acquire('single', AbortSignal.abort(why)), why);
    assert.equal(admission.inFlight(), 0);
  });

  it('takes a permit back once, however often it is released', () => {
    const admission = admit({ inFlightMax: 2 });
    const permit = now(admission, 'single');
    now(admission, 'single');
    permit.release();
    permit.release();
    assert.equal(admission.inFlight(), 1);
  });

  it('never exceeds its limits nor leaves a permit unused that somebody waits for', async () => {
    const steps = fc.array(
      fc.record({
        kind: fc.constantFrom<OperationKind>('single', 'bulk'),
        action: fc.constantFrom('acquire', 'acquire', 'release', 'cancel'),
        pick: fc.nat(20),
      }),
      { maxLength: 80 },
    );
    const limits = fc.record({
      inFlightMax: fc.integer({ min: 1, max: 5 }),
      queueMax: fc.nat(6),
      waitMsMax: fc.constant(60_000),
      bulkShare: fc.double({ min: 0.01, max: 1, noNaN: true }),
    });
    await fc.assert(fc.asyncProperty(limits, steps, runSteps), { numRuns: 200 });
  });
});

interface Step {
  readonly kind: OperationKind;
  readonly action: 'acquire' | 'release' | 'cancel';
  readonly pick: number;
}

async function runSteps(limits: AdmissionOptions, steps: readonly Step[]): Promise<void> {
  const admission = createAdmission(limits, { clock: systemClock });
  const held: Permit[] = [];
  const asked: AbortController[] = [];
  const pending: Promise<unknown>[] = [];
  for (const { kind, action, pick } of steps) {
    if (action === 'acquire') {
      const controller = new AbortController();
      asked.push(controller);
      const outcome = Promise.resolve(admission.acquire(kind, controller.signal)).then(
        (permit) => held.push(permit),
        () => undefined,
      );
      pending.push(outcome);
    }
    if (action === 'release') held.splice(pick % Math.max(1, held.length), 1)[0]?.release();
    if (action === 'cancel') asked[pick % Math.max(1, asked.length)]?.abort(new Error('gave up'));
    await turn();
    assertWithin(admission, held.length);
  }
  for (let left = held.shift(); left !== undefined; left = held.shift()) {
    left.release();
    await turn();
  }
  await Promise.all(pending);
  for (const permit of held) permit.release();
  assert.deepEqual([admission.inFlight(), admission.queued()], [0, 0]);
}

function assertWithin(admission: Admission, held: number): void {
  const { limits } = admission;
  assert.equal(admission.inFlight(), held);
  assert.ok(admission.inFlight() <= limits.inFlightMax);
  assert.ok(admission.inFlight('bulk') <= limits.bulkInFlightMax);
  assert.ok(admission.queued() <= limits.queueMax);
  const isFull = admission.inFlight() === limits.inFlightMax;
  const isBulkFull = isFull || admission.inFlight('bulk') === limits.bulkInFlightMax;
  assert.ok(admission.queued('single') === 0 || isFull);
  assert.ok(admission.queued('bulk') === 0 || isBulkFull);
}

/** Lets promises that are settled already tell so. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function admit(options: Partial<AdmissionOptions>): Admission {
  return createAdmission({ ...patience, ...options }, { clock: systemClock });
}

function now(admission: Admission, kind: OperationKind): Permit {
  const permit = admission.tryAcquire(kind);
  assert.ok(permit !== undefined);
  return permit;
}
