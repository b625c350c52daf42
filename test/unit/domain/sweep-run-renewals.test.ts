import {
  DomainError,
  type SweepDuties,
  type SweepRun,
  type SweepRunOutcome,
} from '@holdfast/domain';
import assert from 'node:assert/strict';
import { failAll } from '../../support/engine/hold.js';
import {
  createSweepBed,
  dutiesOf,
  liveEntries,
  options,
  type SweepBed,
} from '../../support/sweep-run-bed.js';

const down = new DomainError({ code: 'TIER_UNAVAILABLE', tier: 'x', why: 'the test says so' });
const { leaseMs } = options;

describe('A run of a sweep whose step takes long', () => {
  let bed: SweepBed;
  let run: SweepRun;
  let hung: HungStep;
  beforeEach(() => {
    bed = createSweepBed();
    run = bed.newRun();
    hung = hangingStep();
  });

  function start(duties: SweepDuties): Promise<SweepRunOutcome> {
    return bed.start(run, duties, { clock: bed.clock, renewEveryMs: undefined });
  }

  /** Lets time pass for whoever sleeps, a little at a time. */
  async function pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 1_000) {
      await nextTurn();
      bed.clock.advance(1_000);
    }
    await nextTurn();
  }

  it('keeps its lease for as long as that takes, and goes on', async () => {
    const outcome = start(hung.duties);
    await pass(5 * leaseMs);
    assert.equal(await bed.memory.running('reclaim-orphans'), run.runId);
    hung.end();
    assert.equal((await outcome).kind, 'done');
    assert.deepEqual([bed.lost.length, bed.clock.sleepers()], [0, 0]);
  });

  it('keeps its lease before its first step, too', async () => {
    const outcome = start(dutiesOf({ begin: () => hung.over, step: async () => liveEntries(1) }));
    await pass(5 * leaseMs);
    assert.equal(await bed.memory.running('reclaim-orphans'), run.runId);
    hung.end();
    assert.equal((await outcome).kind, 'done');
  });

  it('ends it, and is lost, when somebody else has its lease', async () => {
    const outcome = start(hung.duties);
    await pass(0);
    await bed.memory.begin(run, leaseMs);
    await pass(leaseMs);
    assert.deepEqual(await outcome, { kind: 'lost' });
    assert.deepEqual([hung.isAborted(), bed.lost.length, bed.clock.sleepers()], [true, 1, 0]);
  });

  it('ends it, and is lost, when the ledger knows nothing of it any more', async () => {
    const outcome = start(hung.duties);
    await pass(0);
    bed.memory.flush();
    await pass(leaseMs);
    assert.deepEqual(await outcome, { kind: 'lost' });
    assert.equal(hung.isAborted(), true);
  });

  it('bears that the lease cannot be renewed for a while', async () => {
    const outcome = start(hung.duties);
    await pass(0);
    const mend = failAll(bed.ledger, 'renew', down);
    await pass(leaseMs / 2);
    mend();
    await pass(leaseMs);
    hung.end();
    assert.equal((await outcome).kind, 'done');
  });

  it('fails when the step does not end at all', async () => {
    const outcome = start(hung.duties);
    await pass(16 * 60_000);
    const ended = await outcome;
    assert(ended.kind === 'done');
    const { state, error } = ended.report;
    assert.deepEqual([state, error?.reason], ['failed', 'TIER_UNAVAILABLE']);
    assert.match(error?.message ?? '', /has not ended after 900000 ms/);
    assert.equal(hung.isAborted(), true);
  });

  it('does not mind how a step ends that it does not wait for any more', async () => {
    const outcome = start(hung.duties);
    await pass(0);
    bed.memory.flush();
    await pass(leaseMs);
    hung.fail(down);
    assert.deepEqual(await outcome, { kind: 'lost' });
    await nextTurn();
  });
});

interface HungStep {
  readonly duties: SweepDuties;
  readonly over: Promise<void>;
  end(): void;
  fail(error: Error): void;
  isAborted(): boolean;
}

/** One step, which is the whole run and does not end by itself. */
function hangingStep(): HungStep {
  let end: () => void = () => undefined;
  let fail: (error: Error) => void = () => undefined;
  let asked: AbortSignal | undefined;
  const over = new Promise<void>((resolve, reject) => {
    end = resolve;
    fail = reject;
  });
  over.catch(() => undefined);
  return {
    duties: dutiesOf({
      async step(_request, _cursor, _room, signal) {
        asked = signal;
        await over;
        return liveEntries(10);
      },
    }),
    over,
    end: () => end(),
    fail: (error) => fail(error),
    isAborted: () => asked?.aborted === true,
  };
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
