import { assert } from '../assert.js';
import { DomainError } from '../errors.js';
import type { Clock } from '../ports/clock.js';
import type { SweepBegun, SweepRun } from '../ports/sweep-ledger.js';
import { isFull, roomLeft, type SweepRoom } from './sweep-budget.js';
import type { SweepStepOutcome } from './sweep-duty.js';
import type { SweepError, SweepReport, SweepState } from './sweep-report.js';
import { createSweepTally } from './sweep-tally.js';

/** How far a run has come, and how far it may still go. */
export interface SweepCourse {
  /** Where the next step begins. */
  cursor(): string | undefined;
  /** The cursor is one that another run, or another process, has left behind. */
  isResumed(): boolean;
  startOver(): void;
  room(): SweepRoom;
  /** At the end, or at a limit. That time is over counts from the first step on: each run comes somewhere. */
  isOver(): boolean;
  /** Refuses, with `TIER_UNAVAILABLE`, an answer that would lead to the same place for ever. */
  add(outcome: SweepStepOutcome): void;
  report(state: SweepState, error?: SweepError): SweepReport;
}

type Begun = Extract<SweepBegun, { readonly kind: 'begun' }>;

/** Goes on with what an earlier holder of the same run had noted, if there was one. */
export function createSweepCourse(
  { runId, request, timeStarted }: SweepRun,
  { before, cursor: noted }: Begun,
  clock: Clock,
): SweepCourse {
  const tally = createSweepTally(before?.findings);
  const stopwatch = createStopwatch(clock, before?.elapsedMs ?? 0);
  const begin = before === undefined && request.fromStart ? undefined : noted;
  let cursor = begin;
  let steps = 0;
  let emptySteps = 0;
  let end: 'reached' | 'cut' | undefined;

  function room(): SweepRoom {
    const { scanned, removed, freedBytes, readBytes } = tally.counts();
    // A step that finds nothing counts as an entry, or a run of empty pages would know no limit.
    const entries = scanned + emptySteps;
    const bytes = freedBytes + readBytes;
    return roomLeft(request, { entries, ms: stopwatch.elapsedMs(), bytes, removed });
  }

  return {
    cursor: () => cursor,
    isResumed: () => steps === 0 && begin !== undefined,
    startOver: () => void (cursor = undefined),
    room,
    isOver: () => end !== undefined || isFull(steps === 0 ? { ...room(), ms: Infinity } : room()),

    add(outcome) {
      const { found, next, isCut = false } = outcome;
      if (!isCut && next !== undefined && next === cursor) throw stuck();
      tally.add(outcome);
      steps += 1;
      if (found.every(({ scanned = 0 }) => scanned === 0)) emptySteps += 1;
      cursor = next;
      if (isCut) end = 'cut';
      else if (next === undefined) end = 'reached';
    },

    report(state, error) {
      assert((state === 'failed') === (error !== undefined), 'what has failed says why');
      return {
        runId,
        request,
        state,
        timeStarted: before?.timeStarted ?? timeStarted,
        elapsedMs: stopwatch.elapsedMs(),
        findings: tally.findings(),
        truncated: state === 'ended' && end !== 'reached',
        cursor,
        error,
      };
    },
  };
}

function stuck(): DomainError {
  const why = 'it answers that what comes next is what it was asked for';
  return new DomainError({ code: 'TIER_UNAVAILABLE', tier: 'the tiered store', why });
}

/** By the time of day, which may jump: backward it is as if no time had passed. */
function createStopwatch(clock: Clock, before: number): { elapsedMs(): number } {
  let elapsedMs = before;
  let last = clock.now();
  return {
    elapsedMs() {
      const now = clock.now();
      elapsedMs += Math.max(0, now - last);
      last = now;
      return elapsedMs;
    },
  };
}
