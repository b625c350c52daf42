import { CleanupFailure } from '@holdfast/domain';
import { createManualClock } from '@holdfast/testkit';
import assert from 'node:assert/strict';
import {
  createBreaker,
  type Breaker,
  type BreakerOptions,
  type Passage,
} from '../../../services/cleanup-worker/src/cleaning/breaker.js';
import type {
  CallReport,
  Finding,
} from '../../../services/cleanup-worker/src/cleaning/call-report.js';
import { observeBreaker } from '../../../services/cleanup-worker/src/cleaning/observe-breaker.js';
import { createListener, metricValue, testMetrics } from '../tiered-store/quiet.js';
import { nextTurn } from './fake-store.js';

const options: BreakerOptions = {
  callsMin: 3,
  failedMin: 5,
  outcomeMsMax: 600_000,
  openMs: 1_000,
  openMsMax: 8_000,
  probesMax: 2,
};
const failure = new CleanupFailure('TIER_UNAVAILABLE', 'the disk is gone');

function unwell(...subjects: readonly string[]): readonly Finding[] {
  return subjects.map((subject) => ({ subject, tiers: 'unwell', failure }));
}

function well(...subjects: readonly string[]): readonly Finding[] {
  return subjects.map((subject) => ({ subject, tiers: 'well' }));
}

function notKnown(...subjects: readonly string[]): readonly Finding[] {
  return subjects.map((subject) => ({ subject, tiers: 'not-known' }));
}

function numbered(name: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `${name} ${index}`);
}

function arrange(random = () => 0) {
  const clock = createManualClock();
  const breaker = createBreaker(options, { clock, random });
  const pass = async (ms: number): Promise<void> => {
    clock.advance(ms);
    await nextTurn();
  };
  const loseStore = (isUnreachable = true, subjects: readonly string[] = ['x']): void =>
    breaker.send()?.failed({ subjects, failure, isUnreachable });
  return { clock, breaker, pass, loseStore };
}

/** One that has just opened, because no store could be called. */
function arrangeOpen(random = () => 0) {
  const bed = arrange(random);
  for (let call = 0; call < options.callsMin; call += 1) bed.loseStore();
  assert.equal(bed.breaker.state(), 'open');
  return bed;
}

/** One that lets probes through. */
async function arrangeHalfOpen() {
  const bed = arrangeOpen();
  await bed.pass(options.openMs);
  assert.equal(bed.breaker.state(), 'half-open');
  return bed;
}

/** The same, opened by what entries were answered. */
async function arrangeHalfOpenByEntries() {
  const bed = arrange();
  answer(bed.breaker, unwell(...numbered('bad', options.failedMin)));
  assert.equal(bed.breaker.state(), 'open');
  await bed.pass(options.openMs);
  return bed;
}

/** A call that is answered at once. */
function answer(breaker: Breaker, findings: readonly Finding[]): void {
  breaker.send()?.answered(findings);
}

/** A call that is on its way. */
function send(breaker: Breaker): CallReport {
  return breaker.send() ?? assert.fail('a call may be sent');
}

function enter(breaker: Breaker): Passage {
  return breaker.enter() ?? assert.fail('a job may run');
}

describe('A closed breaker', () => {
  it('lets every job run', () => {
    const { breaker } = arrange();
    for (let job = 0; job < 1_000; job += 1) enter(breaker);
    assert.deepEqual(
      [breaker.state(), breaker.isHeld(), breaker.reason()],
      ['closed', false, undefined],
    );
  });

  it('opens when no store takes a call a few times in a row, and says why', () => {
    const { breaker, loseStore } = arrange();
    loseStore();
    loseStore();
    assert.equal(breaker.isHeld(), false);
    loseStore();
    assert.deepEqual([breaker.state(), breaker.isHeld()], ['open', true]);
    assert.equal(breaker.reason(), 'TIER_UNAVAILABLE: the disk is gone');
    assert.equal(breaker.enter(), undefined);
  });

  it('does not open for calls that are lost now and then', () => {
    const { breaker, loseStore } = arrange();
    for (let call = 0; call < 100; call += 1) {
      loseStore();
      loseStore();
      answer(breaker, notKnown('a'));
    }
    assert.equal(breaker.state(), 'closed');
  });

  it('opens when a tier that is unwell fails most of what it is asked', () => {
    const { breaker } = arrange();
    answer(breaker, well('good'));
    answer(breaker, unwell(...numbered('bad', options.failedMin - 1)));
    assert.equal(breaker.state(), 'closed');
    answer(breaker, unwell('one more'));
    assert.equal(breaker.state(), 'open');
  });

  it('does not open for one subject, however often it fails', () => {
    const { breaker } = arrange();
    for (let attempt = 0; attempt < 1_000; attempt += 1) answer(breaker, unwell('bad'));
    assert.equal(breaker.state(), 'closed');
  });

  it('does not open for some subjects among many that are cleaned', () => {
    const { breaker } = arrange();
    for (let attempt = 0; attempt < 100; attempt += 1) {
      const good = well(...numbered(`good ${attempt}`, 12));
      answer(breaker, [...unwell(...numbered('bad', 10)), ...good]);
    }
    assert.equal(breaker.state(), 'closed');
  });

  it('does not take what the tier had no part in for its being well', () => {
    const { breaker } = arrange();
    answer(breaker, notKnown(...numbered('settled before', 100)));
    answer(breaker, unwell(...numbered('bad', options.failedMin)));
    assert.equal(breaker.state(), 'open');
  });

  it('does not take what the tier had no part in for its being unwell, either', () => {
    const { breaker } = arrange();
    answer(breaker, notKnown(...numbered('settled before', 100)));
    answer(breaker, unwell('bad'));
    assert.equal(breaker.state(), 'closed');
  });

  it('does not mind a probe of long ago that leaves late', async () => {
    const { breaker, loseStore, pass } = await arrangeHalfOpen();
    const late = enter(breaker);
    answer(breaker, well('a'));
    for (let call = 0; call < options.callsMin; call += 1) loseStore();
    await pass(2 * options.openMs);
    const probes = [enter(breaker), enter(breaker)];
    late.leave();
    assert.equal(breaker.enter(), undefined);
    for (const probe of probes) probe.leave();
    assert.equal(breaker.isHeld(), false);
  });

  it('forgets how it went long ago', async () => {
    const { breaker, pass } = arrange();
    answer(breaker, well(...numbered('good', 50)));
    answer(breaker, unwell(...numbered('bad', 4)));
    await pass(3_600_000);
    answer(breaker, well('good again'));
    answer(breaker, unwell(...numbered('worse', 4)));
    assert.equal(breaker.state(), 'closed');
    answer(breaker, unwell('the last'));
    assert.equal(breaker.state(), 'open');
  });

  it('opens for two subjects when nothing has gone well of late', async () => {
    const { breaker, pass } = arrange();
    answer(breaker, well('good'));
    answer(breaker, unwell('bad'));
    await pass(120_000);
    answer(breaker, unwell('as bad'));
    assert.equal(breaker.state(), 'closed');
    await pass(1);
    answer(breaker, unwell('bad'));
    assert.equal(breaker.state(), 'open');
  });

  it('remembers one that failed until others can have failed beside it', async () => {
    for (const [ms, state] of [
      [options.outcomeMsMax, 'open'],
      [options.outcomeMsMax + 1, 'closed'],
    ] as const) {
      const { breaker, pass } = arrange();
      answer(breaker, unwell('bad'));
      await pass(ms);
      answer(breaker, unwell('as bad'));
      assert.equal(breaker.state(), state);
    }
  });

  it('opens for different subjects of calls that fail without being answered', () => {
    const { breaker, loseStore } = arrange();
    for (let call = 0; call < 10; call += 1) loseStore(false, ['the same']);
    assert.equal(breaker.state(), 'closed');
    loseStore(false, numbered('others', 4));
    assert.equal(breaker.state(), 'open');
  });

  it('goes by calls that it was closed for, however late they are answered', async () => {
    const { breaker, pass } = arrange();
    const [first, second] = [send(breaker), send(breaker)];
    await pass(60_000);
    first.answered(unwell('bad'));
    second.answered(unwell('as bad'));
    assert.equal(breaker.state(), 'open');
  });
});

describe('An open breaker', () => {
  it('waits, and then lets a few jobs run at once', async () => {
    const { breaker, pass } = arrangeOpen();
    await pass(options.openMs - 1);
    assert.equal(breaker.enter(), undefined);
    await pass(1);
    assert.deepEqual([breaker.state(), breaker.isHeld()], ['half-open', false]);
    const [probe] = [enter(breaker), enter(breaker)];
    assert.equal(breaker.enter(), undefined);
    assert.equal(breaker.isHeld(), true);
    probe.leave();
    assert.equal(breaker.isHeld(), false);
  });

  it('does not count a job twice that leaves twice', async () => {
    const { breaker } = await arrangeHalfOpen();
    const [probe] = [enter(breaker), enter(breaker)];
    probe.leave();
    probe.leave();
    enter(breaker);
    assert.equal(breaker.enter(), undefined);
  });

  it('tells whoever listens that jobs are held, and that they are not any more', async () => {
    const { breaker, loseStore, pass } = arrange();
    const heard: boolean[] = [];
    const stop = breaker.onChange(() => heard.push(breaker.isHeld()));
    for (let call = 0; call < options.callsMin; call += 1) loseStore();
    await pass(options.openMs);
    const probes = [enter(breaker), enter(breaker)];
    for (const probe of probes) probe.leave();
    assert.deepEqual(heard, [true, false, true, false]);
    stop();
    answer(breaker, well('a'));
    assert.equal(heard.length, 4);
  });

  it('lets no call be sent', () => {
    assert.equal(arrangeOpen().breaker.send(), undefined);
  });

  it('is not closed by calls that were sent before it opened, and not kept open either', async () => {
    const { breaker, loseStore, pass } = arrange();
    const late = Array.from({ length: 10 }, () => send(breaker));
    const lateAnswers = (): void => {
      late.pop()?.answered(well('a'));
      late.pop()?.answered(notKnown(...numbered('b', options.probesMax)));
      late.pop()?.answered(unwell('c', 'd'));
      late.pop()?.failed({ subjects: ['e'], failure, isUnreachable: true });
      late.pop()?.failed({ subjects: ['f', 'g'], failure, isUnreachable: false });
    };
    for (let call = 0; call < options.callsMin; call += 1) loseStore();
    lateAnswers();
    assert.equal(breaker.state(), 'open');
    await pass(options.openMs);
    const probe = enter(breaker);
    lateAnswers();
    probe.leave();
    assert.deepEqual([breaker.state(), breaker.isHeld()], ['half-open', false]);
  });

  it('does not mind a probe that is answered in the next round', async () => {
    const { breaker, pass } = await arrangeHalfOpenByEntries();
    const late = send(breaker);
    answer(breaker, unwell('bad', 'as bad'));
    await pass(2 * options.openMs);
    late.answered(well('a'));
    assert.equal(breaker.state(), 'half-open');
  });

  it('closes when a probe proves the tiers well', async () => {
    const { breaker } = await arrangeHalfOpenByEntries();
    enter(breaker);
    answer(breaker, well('a'));
    assert.deepEqual([breaker.state(), breaker.reason()], ['closed', undefined]);
  });

  it('closes when a store is there again, if that was what it missed', async () => {
    const { breaker } = await arrangeHalfOpen();
    enter(breaker);
    answer(breaker, notKnown('a'));
    assert.equal(breaker.state(), 'closed');
  });

  it('closes when a store is there again, whatever it answers', async () => {
    const { breaker } = await arrangeHalfOpen();
    const probe = enter(breaker);
    answer(breaker, unwell('bad'));
    probe.leave();
    assert.equal(breaker.state(), 'closed');
  });

  it('opens anew when the store is there again, and a tier is not', async () => {
    const { breaker } = await arrangeHalfOpen();
    enter(breaker);
    answer(breaker, unwell('bad', 'as bad'));
    assert.equal(breaker.state(), 'open');
  });

  it('decides nothing by one subject that fails alone, and lets others run', async () => {
    const { breaker, pass } = await arrangeHalfOpenByEntries();
    for (let run = 0; run < 100; run += 1) {
      const probe = enter(breaker);
      answer(breaker, unwell('bad'));
      probe.leave();
      await pass(options.openMsMax);
      assert.deepEqual([breaker.state(), breaker.isHeld()], ['half-open', false]);
    }
    answer(breaker, notKnown(...numbered('done before', options.probesMax)));
    assert.equal(breaker.state(), 'closed');
  });

  it('opens again with the first failure when nothing had proven the tiers well', async () => {
    const { breaker } = await arrangeHalfOpenByEntries();
    answer(breaker, notKnown(...numbered('done before', options.probesMax)));
    assert.equal(breaker.state(), 'closed');
    answer(breaker, unwell('one more'));
    assert.equal(breaker.state(), 'open');
  });

  it('does not open again with the first failure when one had', async () => {
    const { breaker } = await arrangeHalfOpenByEntries();
    answer(breaker, well('good'));
    answer(breaker, unwell(...numbered('bad', options.failedMin - 1)));
    assert.equal(breaker.state(), 'closed');
  });

  it('closes when a few probes show nothing, neither good nor bad', async () => {
    const { breaker } = await arrangeHalfOpenByEntries();
    answer(breaker, notKnown('a'));
    assert.equal(breaker.state(), 'half-open');
    answer(breaker, notKnown('b'));
    assert.equal(breaker.state(), 'closed');
  });

  it('closes for one that is well, whatever became of those beside it', async () => {
    const { breaker } = await arrangeHalfOpenByEntries();
    const [first, second] = [enter(breaker), enter(breaker)];
    answer(breaker, unwell('bad'));
    first.leave();
    assert.equal(breaker.state(), 'half-open');
    answer(breaker, well('good'));
    second.leave();
    assert.equal(breaker.state(), 'closed');
  });

  it('opens again when its probes fail, and waits twice as long, up to a cap', async () => {
    const { breaker, pass } = await arrangeHalfOpenByEntries();
    for (const waitMs of [2_000, 4_000, 8_000, 8_000]) {
      const probe = enter(breaker);
      answer(breaker, unwell('bad', 'as bad'));
      probe.leave();
      assert.equal(breaker.state(), 'open');
      await pass(waitMs - 1);
      assert.equal(breaker.state(), 'open');
      await pass(1);
      assert.equal(breaker.state(), 'half-open');
    }
  });

  it('takes no more probes once two subjects have failed', async () => {
    const { breaker } = await arrangeHalfOpenByEntries();
    const [first] = [enter(breaker), enter(breaker)];
    answer(breaker, unwell('bad'));
    answer(breaker, unwell('as bad'));
    first.leave();
    assert.deepEqual([breaker.isHeld(), breaker.enter()], [true, undefined]);
  });

  it('goes on doubling its wait when all was well for a moment only', async () => {
    const { breaker, pass } = await arrangeHalfOpenByEntries();
    answer(breaker, well('a'));
    await pass(options.openMsMax);
    answer(breaker, unwell(...numbered('bad', 5)));
    await pass(options.openMs);
    assert.equal(breaker.state(), 'open');
    await pass(options.openMs);
    assert.equal(breaker.state(), 'half-open');
  });

  it('begins with a short wait again when all was well for long', async () => {
    const { breaker, pass } = await arrangeHalfOpenByEntries();
    answer(breaker, well('a'));
    await pass(options.openMsMax + 1);
    answer(breaker, unwell(...numbered('bad', 5)));
    await pass(options.openMs);
    assert.equal(breaker.state(), 'half-open');
  });

  it('says when to try again: after its wait, and not all at once', () => {
    const randoms = [0, 0.5, 0.999];
    const { breaker, clock } = arrangeOpen(() => randoms.shift() ?? 0);
    const now = clock.now();
    const waits = [breaker.againAt(), breaker.againAt(), breaker.againAt()].map((at) => at - now);
    assert.deepEqual(waits, [1_000, 1_500, 1_999]);
  });

  it('has no timer any more when it is closed down', async () => {
    const { breaker, clock } = arrangeOpen();
    assert.equal(clock.sleepers(), 1);
    breaker.close();
    await nextTurn();
    assert.deepEqual([clock.sleepers(), breaker.state()], [0, 'open']);
  });
});

describe('The breaker, as operators see it', () => {
  it('shows its state, counts its changes, and is two lines in the log', async () => {
    const { breaker, loseStore, pass } = arrange();
    const metrics = testMetrics();
    const { logger, lines } = createListener();
    observeBreaker(breaker, { metrics, logger });
    const stateOf = async (): Promise<readonly (number | undefined)[]> =>
      Promise.all(
        ['closed', 'open', 'half-open'].map((state) =>
          metricValue(metrics, `cleanup_breaker_state{state="${state}"}`),
        ),
      );
    assert.deepEqual(await stateOf(), [1, 0, 0]);
    for (let call = 0; call < options.callsMin; call += 1) loseStore();
    assert.deepEqual(await stateOf(), [0, 1, 0]);
    await pass(options.openMs);
    assert.deepEqual(await stateOf(), [0, 0, 1]);
    const probe = enter(breaker);
    loseStore();
    probe.leave();
    await pass(2 * options.openMs);
    answer(breaker, well('a'));
    assert.deepEqual(await stateOf(), [1, 0, 0]);
    const opened = await metricValue(metrics, 'cleanup_breaker_changes_total{state="open"}');
    assert.equal(opened, 2);
    assert.deepEqual(
      lines.map(({ level, message }) => [level, message]),
      [
        ['warn', 'cleanup is held: what it needs is unwell'],
        ['info', 'cleanup goes on'],
      ],
    );
    assert.equal(lines[0]?.['why'], 'TIER_UNAVAILABLE: the disk is gone');
  });
});
