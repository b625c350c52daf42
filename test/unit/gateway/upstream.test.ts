import { status } from '@grpc/grpc-js';
import { reasonError, RpcError, rpcError, statusBytes } from '@holdfast/rpc';
import { createManualClock, type ManualClock } from '@holdfast/testkit';
import assert from 'node:assert/strict';
import { encodeErrorResult } from '../../../services/gateway/src/operations/encode-operation.js';
import { createBackends } from '../../../services/gateway/src/upstream/backends.js';
import { createRetryBudget } from '../../../services/gateway/src/upstream/retry-budget.js';
import type { Effect } from '../../../services/gateway/src/upstream/upstream-errors.js';
import { createUpstream, type Upstream } from '../../../services/gateway/src/upstream/upstream.js';
import {
  createWaitingRoom,
  type WaitingRoom,
} from '../../../services/gateway/src/upstream/waiting-room.js';
import { createFakeBackend, type FakeBackend } from '../../support/gateway/fake-backend.js';

const lookMs = 25;
const always = (): boolean => true;
const answer = Buffer.from([0x2a, 0x00]);
const broken = reasonError('OUTCOME_UNKNOWN', 'the stream ended');
const unsent = rpcError(status.UNAVAILABLE, undefined, 'no stream');

interface Bed {
  readonly clock: ManualClock;
  readonly backends: readonly FakeBackend[];
  readonly room: WaitingRoom;
  readonly upstream: Upstream;
  readonly counts: { moved: number; repeated: number };
  run(
    effect: Effect,
    over?: { deadline?: number; callerRepeats?: boolean; isWanted?: () => boolean },
  ): Promise<Uint8Array>;
  /** The operations that were handed to a store, all stores together. */
  submitted(): number;
  /** The latest operation of a store. */
  last(index: number): FakeBackend['submitted'][number]['sink'];
}

function prepare(count: number, tokensMax = 10, waitersMax = 100): Bed {
  const clock = createManualClock();
  const all = Array.from({ length: count }, (_, index) => createFakeBackend(`store-${index}`));
  const backends = createBackends(all, { random: () => 0 });
  const room = createWaitingRoom({ waitersMax, lookMs }, { clock, pick: () => backends.pick() });
  const counts = { moved: 0, repeated: 0 };
  const upstream = createUpstream({
    clock,
    backends,
    waitingRoom: room,
    retryBudget: createRetryBudget({ share: 0.1, perSecond: 0, tokensMax }, { clock }),
    counts: {
      moved: () => void (counts.moved += 1),
      repeated: () => void (counts.repeated += 1),
    },
    limits: { waitMsMax: 5_000, movesMax: 3, repeatsMax: 1 },
  });
  return {
    clock,
    backends: all,
    room,
    upstream,
    counts,
    run(effect, over = {}) {
      const { deadline = clock.now() + 30_000, callerRepeats = false, isWanted = always } = over;
      const operation = { traffic: 'single', bytes: answer, deadline, effect } as const;
      return upstream.run({ ...operation, callerRepeats, isWanted });
    },
    submitted: () => all.reduce((sum, { submitted }) => sum + submitted.length, 0),
    last(index) {
      const found = all[index]?.submitted.at(-1);
      assert.ok(found !== undefined, `store ${index} was asked`);
      return found.sink;
    },
  };
}

async function failure(call: Promise<unknown>): Promise<RpcError> {
  try {
    await call;
  } catch (error) {
    assert.ok(error instanceof RpcError);
    return error;
  }
  throw new Error('it did not fail');
}

/** Lets time pass, and those who sleep do what they woke for. */
async function pass(clock: ManualClock, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += lookMs) {
    clock.advance(lookMs);
    for (let turn = 0; turn < 4; turn += 1) await Promise.resolve();
  }
}

describe('gateway: the choice of a store', () => {
  it('takes of two ready ones the one with less to do, and none that is not ready', () => {
    const all = ['one', 'two', 'three'].map((name) => createFakeBackend(name));
    const [one, two, three] = all;
    assert.ok(one !== undefined && two !== undefined && three !== undefined);
    one.load = 5;
    two.load = 4;
    three.isUp = false;
    for (const random of [0, 0.3, 0.6, 0.99]) {
      const backends = createBackends(all, { random: () => random });
      assert.equal(backends.pick()?.address, 'two');
      assert.equal(backends.pick(two)?.address, 'one');
      assert.equal(backends.ready(), 2);
    }
    one.isUp = false;
    const backends = createBackends(all, { random: () => 0 });
    assert.equal(backends.pick(two)?.address, 'two');
    two.isUp = false;
    assert.equal(backends.pick(), undefined);
  });
});

describe('gateway: the retry budget', () => {
  it('gives a share of the calls and some a second, and saves up no more than its most', () => {
    const clock = createManualClock();
    const budget = createRetryBudget({ share: 0.25, perSecond: 2, tokensMax: 3 }, { clock });
    const spendAll = (): number => {
      let spent = 0;
      while (budget.spend()) spent += 1;
      return spent;
    };
    assert.equal(spendAll(), 3);
    for (let call = 0; call < 4; call += 1) budget.earn();
    assert.equal(spendAll(), 1);
    clock.advance(1_000);
    assert.equal(spendAll(), 2);
    clock.advance(3_600_000);
    assert.equal(spendAll(), 3);
    clock.set((clock.now() - 60_000) as ReturnType<typeof clock.now>);
    assert.equal(spendAll(), 0);
  });
});

describe('gateway: an operation', () => {
  it('is answered by the store that it went to', async () => {
    const { run, last } = prepare(1);
    const call = run('read');
    last(0).result(answer);
    assert.equal(await call, answer);
  });

  it('is repeated when it reads and its stream broke, at another store', async () => {
    const { run, last, counts } = prepare(2);
    const call = run('read');
    last(0).failed(broken, true);
    last(1).result(answer);
    await call;
    assert.deepEqual(counts, { moved: 0, repeated: 1 });
  });

  it('is repeated once only, and not when its caller does so', async () => {
    const { run, last } = prepare(3);
    const call = run('read');
    last(0).failed(broken, true);
    last(1).failed(broken, true);
    assert.equal((await failure(call)).reason, 'TIER_UNAVAILABLE');
    const alone = run('read', { callerRepeats: true });
    last(0).failed(broken, true);
    assert.equal((await failure(alone)).reason, 'TIER_UNAVAILABLE');
  });

  it('is not repeated when it writes: its outcome is unknown', async () => {
    const { run, last, submitted } = prepare(2);
    const call = run('write');
    last(0).failed(broken, true);
    assert.equal((await failure(call)).reason, 'OUTCOME_UNKNOWN');
    assert.equal(submitted(), 1);
  });

  it('is repeated within the budget of all operations', async () => {
    const { run, last, submitted } = prepare(2, 2);
    for (let count = 0; count < 4; count += 1) {
      const call = run('read');
      last(0).failed(broken, true);
      if (count < 2) last(1).result(answer);
      await call.catch(() => undefined);
    }
    assert.equal(submitted(), 6);
  });

  it('moves when it was not sent or is refused by a store that ends, write or not', async () => {
    for (const effect of ['read', 'write'] as const) {
      const { run, last, counts } = prepare(3, 0);
      const call = run(effect);
      last(0).failed(unsent, false);
      const ending = statusBytes(reasonError('SHUTTING_DOWN', 'it ends'));
      last(1).result(encodeErrorResult(ending));
      last(0).result(answer);
      await call;
      assert.deepEqual(counts, { moved: 2, repeated: 0 });
    }
  });

  it('moves a bounded number of times', async () => {
    const { run, backends, submitted } = prepare(2);
    const call = run('write');
    for (let count = 0; count < 4; count += 1) {
      const turn = backends[count % 2];
      turn?.submitted.at(-1)?.sink.failed(unsent, false);
    }
    assert.equal((await failure(call)).reason, 'TIER_UNAVAILABLE');
    assert.equal(submitted(), 4);
  });

  it('fails as it is told to when it was refused for another reason', async () => {
    const { run, last } = prepare(2);
    const call = run('read');
    last(0).failed(reasonError('AT_CAPACITY', 'full', { retryAfterMs: 100 }), false);
    const error = await failure(call);
    assert.equal(error.reason, 'AT_CAPACITY');
    assert.equal(error.retryAfterMs, 100);
  });

  it('waits for a store when none is ready, and gives up after a while', async () => {
    const { run, room, backends, clock, last } = prepare(1);
    const [store] = backends;
    assert.ok(store !== undefined);
    store.isUp = false;
    const patient = run('write');
    const late = run('write', { deadline: clock.now() + 100 });
    const failed = failure(late);
    await pass(clock, 200);
    assert.equal((await failed).code, status.DEADLINE_EXCEEDED);
    assert.equal(room.waiting(), 1);
    store.isUp = true;
    await pass(clock, lookMs);
    last(0).result(answer);
    await patient;
    store.isUp = false;
    const hopeless = failure(run('read'));
    await pass(clock, 5_000);
    assert.equal((await hopeless).reason, 'TIER_UNAVAILABLE');
    assert.equal(room.waiting(), 0);
  });

  it('leaves the waiting room with its caller, and goes to no store that comes then', async () => {
    for (const comesBack of [false, true]) {
      const { run, room, backends, clock, submitted } = prepare(1);
      const [store] = backends;
      assert.ok(store !== undefined);
      store.isUp = false;
      let isWanted = true;
      const call = failure(run('write', { isWanted: () => isWanted }));
      await pass(clock, lookMs);
      assert.equal(room.waiting(), 1);
      isWanted = false;
      store.isUp = comesBack;
      await pass(clock, lookMs);
      assert.equal(room.waiting(), 0);
      assert.equal((await call).code, status.CANCELLED);
      assert.equal(submitted(), 0);
    }
  });

  it('does not move, nor is it repeated, once its caller has gone', async () => {
    for (const [effect, error, sent] of [
      ['write', unsent, false],
      ['write', rpcError(status.CANCELLED, undefined, 'withdrawn'), false],
      ['read', broken, true],
    ] as const) {
      const { run, last, submitted, counts } = prepare(2);
      let isWanted = true;
      const call = failure(run(effect, { isWanted: () => isWanted }));
      isWanted = false;
      assert.equal(last(0).isWanted?.(), false);
      last(0).failed(error, sent);
      await call;
      assert.equal(submitted(), 1);
      assert.deepEqual(counts, { moved: 0, repeated: 0 });
    }
  });

  it('does not go back at once to the store that failed it', async () => {
    const { run, clock, submitted, last } = prepare(1);
    const call = run('read');
    last(0).failed(broken, true);
    assert.equal(submitted(), 1);
    await pass(clock, lookMs);
    assert.equal(submitted(), 2);
    last(0).result(answer);
    await call;
  });

  it('fails when too many wait, or the gateway ends', async () => {
    const { run, room, backends, clock } = prepare(1, 1, 1);
    const [store] = backends;
    assert.ok(store !== undefined);
    store.isUp = false;
    const waiting = failure(run('read'));
    assert.equal((await failure(run('read'))).reason, 'TIER_UNAVAILABLE');
    room.close();
    await pass(clock, lookMs);
    assert.equal((await waiting).reason, 'TIER_UNAVAILABLE');
  });
});

describe('gateway: a call of its own', () => {
  const signal = new AbortController().signal;

  it('chooses a ready store, another one than the one to avoid', async () => {
    const { upstream, backends, clock } = prepare(2);
    const call = { deadline: clock.now() + 1_000, signal };
    const [one, two] = backends;
    assert.equal(await upstream.choose(call, one), two);
  });

  it('stops waiting for one when its caller goes', async () => {
    const { upstream, backends, clock, room } = prepare(1);
    const [store] = backends;
    assert.ok(store !== undefined);
    store.isUp = false;
    const caller = new AbortController();
    const waiting = failure(upstream.choose({ deadline: Infinity, signal: caller.signal }));
    caller.abort(rpcError(status.CANCELLED, 'CANCELLED', 'the caller went away'));
    assert.equal((await waiting).reason, 'CANCELLED');
    assert.equal(room.waiting(), 0);
    assert.equal(clock.sleepers(), 1);
  });

  it('reads once more when the connection broke, and not once its caller has heard', async () => {
    const { upstream, clock } = prepare(2);
    let runs = 0;
    let isFresh = true;
    const at = (): Promise<never> => {
      runs += 1;
      return Promise.reject(unsent);
    };
    const read = { deadline: clock.now() + 1_000, signal, callerRepeats: false, at };
    assert.equal(
      (await failure(upstream.read({ ...read, isFresh: () => isFresh }))).reason,
      'TIER_UNAVAILABLE',
    );
    assert.equal(runs, 2);
    isFresh = false;
    await failure(upstream.read({ ...read, isFresh: () => isFresh }));
    assert.equal(runs, 3);
  });

  it('passes on what the store says', async () => {
    const { upstream, clock } = prepare(2);
    const said = reasonError('INVALID_PAGE', 'no such page');
    const read = { deadline: clock.now() + 1_000, signal, callerRepeats: false };
    const call = upstream.read({ ...read, at: () => Promise.reject(said), isFresh: () => true });
    assert.equal(await failure(call), said);
  });
});
