import { DomainError, hasCode } from '../errors.js';
import { sweptStepMsMax } from '../limits.js';
import type { Clock } from '../ports/clock.js';
import type { SweepLease, SweepLedger, SweepNoted, SweepRun } from '../ports/sweep-ledger.js';
import { createLeaseKeeper, type KeptLease, type LeaseKeeper } from './lease-keeper.js';
import { leaseShares } from './lease-shares.js';
import { createNoteProgress, type NoteProgress } from './note-progress.js';
import { createPatientLedger, type PatientLedger } from './patient-ledger.js';
import { createSweepCourse, type SweepCourse } from './sweep-course.js';
import type { SweepDuties } from './create-sweep-duties.js';
import type { SweepDuty, SweepStepOutcome } from './sweep-duty.js';
import type { SweepDamage } from './sweep-findings.js';
import { sweepErrorOf } from './sweep-error.js';
import type { SweepReport } from './sweep-report.js';
import type { SweepRunId } from './sweep-request.js';

/*
 * One run of a sweep.
 *
 * 1. Begin: take the lease of the run's kind.
 *    Another run has it: that one is at the same work, answer `taken`.
 *    This run has ended before: answer its report.
 *    This run was under way elsewhere: go on where that was noted to be.
 * 2. Let the duty check what has to hold. If it does not: 4, as failed.
 * 3. Step by step, until the end or a limit of the run:
 *    a. Renew the lease and note how far it is, the latter only now and then.
 *       Lost: somebody else goes on with it, answer `lost` and write nothing more.
 *       Cancelled: 4, as cancelled.
 *    b. Take one step of the duty, bounded by the room that is left.
 *       It failed: 4, as failed, where the last good step ended.
 *    c. Add up what it found. From now on the run is where the step ended.
 *    d. Pause, so that the store has time for others; in between, now and then, a.
 *    It ends after one step at the earliest: a limit that is over before that would have it come nowhere.
 * 4. End: the report, and the lease is given back.
 *
 * In 2 and 3b the lease is renewed now and then, however long they take. It is lost meanwhile: nobody waits
 * for them any more, and the run is lost as in 3a.
 *
 * A run may be killed at any point. Whoever takes it over repeats the steps after the last note, and
 * finds done what had been done. So nothing is left undone and no page counts twice, but the report may
 * say too little of those steps: what they had removed is not there any more, what they had handed to a
 * queue counts as kept because it is owned; and the run may go beyond its limits by as much. The same
 * goes for a step that has failed half-way, which is in no report: the next run repeats it.
 */

export interface RunSweepOptions {
  /** Who does not renew it in time loses the run. */
  readonly leaseMs: number;
  /** A run is at work for this share of the time at most: more than 0, up to 1. */
  readonly busyShare: number;
  /** One step is asked to take no longer, nor longer than its share of the lease. */
  readonly stepMsMax?: number | undefined;
  /** What was found is noted no more often. Missing: at every step. */
  readonly noteEveryMs?: number | undefined;
  /**
   * While a step is under way the lease is renewed so often. Missing: a share of the lease. `Infinity`:
   * never, where no time passes in a step.
   */
  readonly renewEveryMs?: number | undefined;
}

export interface RunSweepDependencies {
  readonly ledger: SweepLedger;
  readonly duties: SweepDuties;
  readonly clock: Clock;
  /** Ends the run where it is, for somebody else to go on with. */
  readonly signal: AbortSignal;
  readonly observer: SweepObserver;
}

/** Counts and logs. It must not throw and must not block. */
export interface SweepObserver {
  /** At every step, and where it stops for somebody else to go on. */
  progress(report: SweepReport): void;
  damage(damage: SweepDamage): void;
  skewed(skewMs: number): void;
  lost(report: SweepReport): void;
}

export type SweepRunOutcome =
  /** `cause`: the error of a run that has failed. */
  | { readonly kind: 'done'; readonly report: SweepReport; readonly cause?: unknown }
  | { readonly kind: 'taken'; readonly runId: SweepRunId }
  | { readonly kind: 'lost' }
  | { readonly kind: 'stopped' };

/** Rejects when the ledger cannot be reached for longer than the lease bears. */
export async function runSweep(
  options: RunSweepOptions,
  run: SweepRun,
  dependencies: RunSweepDependencies,
): Promise<SweepRunOutcome> {
  const ledger = createPatientLedger(options.leaseMs, dependencies);
  const begun = await ledger.begin(run);
  switch (begun.kind) {
    case 'taken':
      return begun;
    case 'over':
      return { kind: 'done', report: begun.report };
    case 'begun': {
      const course = createSweepCourse(run, begun, dependencies.clock);
      const duty = dependencies.duties[run.request.kind];
      const { lease } = begun;
      const { clock } = dependencies;
      const note = createNoteProgress(options.noteEveryMs ?? 0, { ledger, lease, clock });
      const keepLease = keeperOf(options, lease, dependencies);
      const parts = { ...dependencies, ledger, note, keepLease, course, duty, lease, run };
      return finish(parts, await goThrough(options, parts));
    }
  }
}

function keeperOf(
  { leaseMs, renewEveryMs = Math.ceil(leaseMs * leaseShares.renewal) }: RunSweepOptions,
  lease: SweepLease,
  { ledger, clock, signal }: RunSweepDependencies,
): LeaseKeeper {
  const renew = (): Promise<SweepNoted> => ledger.renew(lease, leaseMs);
  return createLeaseKeeper({ renewEveryMs }, { renew, clock, signal });
}

interface RunParts extends Omit<RunSweepDependencies, 'ledger'> {
  readonly ledger: PatientLedger;
  readonly note: NoteProgress;
  readonly keepLease: LeaseKeeper;
  readonly course: SweepCourse;
  readonly duty: SweepDuty;
  readonly lease: SweepLease;
  readonly run: SweepRun;
}

type Ending =
  | { readonly kind: 'ended' | 'cancelled' | 'lost' | 'stopped' }
  | { readonly kind: 'failed'; readonly cause: unknown };

async function goThrough(options: RunSweepOptions, parts: RunParts): Promise<Ending> {
  const { duty, run, course, signal, keepLease } = parts;
  try {
    const begun = await keepLease((ending) => duty.begin(run.request, ending));
    if (begun.kind === 'lost') return begun;
    let owedMs = 0;
    while (!course.isOver()) {
      if (signal.aborted) return { kind: 'stopped' };
      const noted = await noteProgress(parts);
      if (noted !== 'go-on') return { kind: noted };
      if (owedMs === 0) {
        const gone = await goOneStep(options, parts);
        if (gone.kind === 'lost') return gone;
        owedMs = gone.result;
      }
      owedMs -= await pause(options, parts, owedMs);
    }
    return { kind: 'ended' };
  } catch (cause) {
    // What is torn down in the middle fails in many ways.
    return signal.aborted ? { kind: 'stopped' } : { kind: 'failed', cause };
  }
}

async function noteProgress({ note, course, observer }: RunParts): Promise<SweepNoted> {
  const report = course.report('running');
  const noted = await note(report);
  if (noted === 'go-on') observer.progress(report);
  return noted;
}

/** Answers how long the run is to pause for it. */
async function goOneStep(options: RunSweepOptions, parts: RunParts): Promise<KeptLease<number>> {
  const { course, observer, clock, keepLease } = parts;
  const started = clock.now();
  const taken = await keepLease((ending) => takeStep(options, { ...parts, signal: ending }));
  if (taken.kind === 'lost') return taken;
  const { result: outcome } = taken;
  for (const damage of outcome.damage) observer.damage(damage);
  course.add(outcome);
  const pauseMs = course.isOver() ? 0 : fairPauseMs(options, clock.now() - started);
  return { kind: 'kept', result: pauseMs };
}

/** A clock that jumps is no reason to rest for ever: no step counts for longer than a lease. */
function fairPauseMs({ busyShare, leaseMs }: RunSweepOptions, busyMs: number): number {
  const stepMs = Math.min(Math.max(0, busyMs), leaseMs);
  return Math.ceil(stepMs * (1 / busyShare - 1));
}

/** Pauses for as much of it as can be done without a note. Answers how much that was. */
async function pause(
  { leaseMs }: RunSweepOptions,
  { course, clock, signal }: RunParts,
  owedMs: number,
): Promise<number> {
  const unnotedMs = Math.max(1, Math.floor(leaseMs * leaseShares.pause));
  const ms = Math.min(owedMs, unnotedMs, course.room().ms);
  await clock.sleep(ms, signal);
  return ms;
}

async function takeStep(options: RunSweepOptions, parts: RunParts): Promise<SweepStepOutcome> {
  const { duty, run, course, signal } = parts;
  const room = course.room();
  const { leaseMs, stepMsMax = sweptStepMsMax } = options;
  const ms = Math.floor(Math.min(room.ms, stepMsMax, leaseMs * leaseShares.step));
  const bounded = { ...room, ms: Math.max(1, ms) };
  try {
    return await duty.step(run.request, course.cursor(), bounded, signal);
  } catch (error) {
    // A place that another version or another store knew: better from the beginning than never again.
    if (!course.isResumed() || !hasCode(error, 'INVALID_PAGE')) throw error;
    course.startOver();
    return duty.step(run.request, undefined, bounded, signal);
  }
}

async function finish(parts: RunParts, ending: Ending): Promise<SweepRunOutcome> {
  const { ledger, lease, course, observer } = parts;
  switch (ending.kind) {
    case 'lost':
      observer.lost(course.report('running'));
      return { kind: 'lost' };
    case 'stopped': {
      const report = course.report('running');
      observer.progress(report);
      await ledger.leave(lease, report);
      return { kind: 'stopped' };
    }
    case 'ended':
    case 'cancelled':
      return end(parts, course.report(ending.kind));
    case 'failed': {
      const { cause } = ending;
      if (cause instanceof DomainError && cause.detail.code === 'CLOCK_SKEWED') {
        observer.skewed(cause.detail.skewMs);
      }
      const outcome = await end(parts, course.report('failed', sweepErrorOf(cause)));
      return outcome.kind === 'done' ? { ...outcome, cause } : outcome;
    }
  }
}

async function end({ ledger, lease, observer }: RunParts, report: SweepReport) {
  const ended = await ledger.end(lease, report);
  if (ended !== undefined) return { kind: 'done', report: ended } as const;
  observer.lost(report);
  return { kind: 'lost' } as const;
}
