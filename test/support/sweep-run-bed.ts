import {
  runSweep,
  type Clock,
  type RunSweepOptions,
  type SweepDamage,
  type SweepDuties,
  type SweepDuty,
  type SweepLedger,
  type SweepReport,
  type SweepRequest,
  type SweepRun,
  type SweepRunOutcome,
  type SweepStepOutcome,
} from '@holdfast/domain';
import {
  createManualClock,
  createMemorySweepLedger,
  withHooks,
  type HookedPort,
  type ManualClock,
  type MemorySweepLedger,
} from '@holdfast/testkit';
import assert from 'node:assert/strict';
import { fullReportOf } from '../../packages/testkit/src/contracts/sweep-ledger-under-test.js';
import { createRowFixtures } from '../../packages/testkit/src/contracts/row-fixtures.js';

/** Where nobody sleeps for long no lease is renewed within a step. */
export const options: RunSweepOptions = {
  leaseMs: 60_000,
  busyShare: 1,
  stepMsMax: 5_000,
  renewEveryMs: Infinity,
};

/** A ledger, and what an observer of its runs has heard. */
export interface SweepBed {
  readonly clock: ManualClock;
  readonly memory: MemorySweepLedger;
  readonly ledger: HookedPort<SweepLedger>;
  readonly progress: SweepReport[];
  readonly damage: SweepDamage[];
  readonly skewed: number[];
  readonly lost: SweepReport[];
  newRun(request?: Partial<SweepRequest>): SweepRun;
  start(run: SweepRun, duties: SweepDuties, how?: How): Promise<SweepRunOutcome>;
  /** Starts a run that nothing is in the way of, and answers its report. */
  report(
    request: Partial<SweepRequest>,
    duties: SweepDuties,
    how?: Partial<RunSweepOptions>,
  ): Promise<SweepReport>;
}

export interface How extends Partial<RunSweepOptions> {
  readonly signal?: AbortSignal;
  /** Missing: whoever sleeps does so at once. */
  readonly clock?: Clock;
}

export function createSweepBed(clock = createManualClock()): SweepBed {
  const make = createRowFixtures(clock);
  const memory = createMemorySweepLedger({ clock });
  const ledger = withHooks<SweepLedger>(memory);
  const [progress, lost]: SweepReport[][] = [[], []];
  const damage: SweepDamage[] = [];
  const skewed: number[] = [];
  const observer = {
    progress: (report: SweepReport) => void progress?.push(report),
    damage: (found: SweepDamage) => void damage.push(found),
    skewed: (ms: number) => void skewed.push(ms),
    lost: (report: SweepReport) => void lost?.push(report),
  };
  // Whoever sleeps does so at once: nothing else goes on here meanwhile.
  const sleepless = { now: clock.now, sleep: async (ms: number) => clock.advance(ms) };

  const bed: SweepBed = {
    clock,
    memory,
    ledger,
    progress: progress ?? [],
    damage,
    skewed,
    lost: lost ?? [],
    newRun: (request) => ({
      runId: make.changeId() as string as SweepRun['runId'],
      request: {
        kind: 'reclaim-orphans',
        limit: { entries: 1_000 },
        dryRun: false,
        fromStart: false,
        ...request,
      },
      timeStarted: clock.now(),
    }),
    start: (run, duties, { signal = new AbortController().signal, clock: other, ...how } = {}) =>
      runSweep({ ...options, ...how }, run, {
        ledger: ledger.port,
        duties,
        clock: other ?? sleepless,
        signal,
        observer,
      }),
    async report(request, duties, how) {
      const outcome = await bed.start(bed.newRun(request), duties, how);
      assert(outcome.kind === 'done', `it is ${outcome.kind}`);
      return outcome.report;
    },
  };
  return bed;
}

/** The same duty for every kind. */
export function dutiesOf(duty: Partial<SweepDuty> & Pick<SweepDuty, 'step'>): SweepDuties {
  const whole = { begin: async () => {}, ...duty };
  return {
    'recover-changes': whole,
    'reclaim-orphans': whole,
    'expire-objects': whole,
    'verify-objects': whole,
  };
}

/** A duty of `pages` pages with 10 live entries each; `look` sees each step before it is taken. */
export function pagesOf(
  pages: number,
  look: (...step: Parameters<SweepDuty['step']>) => void | Promise<void> = () => {},
): SweepDuties {
  return dutiesOf({
    async step(...step) {
      await look(...step);
      const [, cursor, { entries }] = step;
      const page = Number(cursor ?? 0) + 1;
      const next = page < pages ? String(page) : undefined;
      return liveEntries(Math.min(entries, 10), next);
    },
  });
}

export function liveEntries(scanned: number, next?: string): SweepStepOutcome {
  const kept = { live: { entries: scanned, bytes: 0 } };
  return { found: [{ usecase: 'mail', scanned, kept }], damage: [], undecidedEntries: [], next };
}

/** Some damage, as good as any. */
export function someDamage(bed: SweepBed): SweepDamage {
  const [damage] = fullReportOf(bed.newRun()).findings.damage;
  return damage ?? assert.fail('it has some');
}

/** The ledger hears no more after so many calls, and the last of them has no answer. */
export function dieAfter({ ledger }: SweepBed, calls: number): () => void {
  let left = calls;
  const hook = {
    before(): void {
      if (left === 0) throw new Error('the process is dead');
    },
    after(): void {
      left -= 1;
      if (left === 0) throw new Error('the process is dead');
    },
  };
  const methods = ['begin', 'note', 'renew', 'end'] as const;
  const unhook = methods.map((method) => ledger.hook(method, hook));
  return () => unhook.forEach((remove) => remove());
}
