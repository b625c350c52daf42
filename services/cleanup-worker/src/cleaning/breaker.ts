/**
 * Back-pressure: keeps workers from jobs that could only fail, because what all of them need is unwell.
 *
 * | state     | jobs that may run       | goes on to                                                     |
 * | --------- | ----------------------- | -------------------------------------------------------------- |
 * | closed    | all                     | open, when no store could be reached a few times in a row, or  |
 * |           |                         | when a tier's being unwell failed most subjects of late, or    |
 * |           |                         | two while nothing has gone well in the last two minutes        |
 * | open      | none                    | half-open, after a wait that doubles up to a cap               |
 * | half-open | a few at once, to see   | closed, when one proves the tiers well, or a few were answered |
 * |           | how they end            | and no two failed, or a store answers where none could be      |
 * |           |                         | reached; open, when two different subjects failed or no store  |
 * |           |                         | was reached. One that fails alone decides nothing: others run  |
 * |           |                         | beside it                                                      |
 *
 * One job that proves it well outweighs those that fail beside it, so that a subject which always
 * fails cannot keep all others waiting. A subject that fails alone never opens it, however often it is
 * tried: it runs out of attempts, and somebody can look at it.
 *
 * A job that fails while it is not closed keeps its attempts, but for two hours at most (see
 * `SparedFailures`): an outage of an hour costs none, and a few subjects that can never be cleaned, with
 * nothing else to prove the tiers well, are dead letters after two hours and the waits between their
 * attempts.
 *
 * What a call says counts while the state is the one that it was sent in, and not any more afterwards.
 *
 * It is each process's own: what one worker cannot reach, another one may.
 */
import {
  later,
  type CleanupFailure,
  type Clock,
  type Timestamp,
  type WorkHold,
} from '@holdfast/domain';
import { createBreakerRound } from './breaker-round.js';
import type { CallReport, FailedCall, Finding } from './call-report.js';
import { createRecentOutcomes } from './recent-outcomes.js';

export type BreakerState = 'closed' | 'open' | 'half-open';

export interface BreakerOptions {
  /** Calls in a row that no store was reached for. */
  readonly callsMin: number;
  /** Subjects that failed because a tier is unwell. */
  readonly failedMin: number;
  /** For how long its last outcome speaks of a subject. */
  readonly outcomeMsMax: number;
  /** The first wait. */
  readonly openMs: number;
  readonly openMsMax: number;
  /** Jobs that run at once to see how things are. */
  readonly probesMax: number;
}

export interface Breaker extends WorkHold {
  state(): BreakerState;
  /** Why it is not closed, for people; `undefined` when it is. */
  reason(): string | undefined;
  /** Asks for leave to run a job; `undefined` when it may not run now. */
  enter(): Passage | undefined;
  /** Asks for leave to send a call; `undefined` when it may not be sent now. */
  send(): CallReport | undefined;
  /** When to try again what could not be done because of it. Spread, so that not all come at once. */
  againAt(): Timestamp;
  /** Stops its timer. */
  close(): void;
}

/** One job's leave to run. */
export interface Passage {
  /** The job has ended, however. */
  leave(): void;
}

export interface BreakerDependencies {
  readonly clock: Clock;
  /** Answers numbers from 0 to less than 1. */
  readonly random: () => number;
}

/** Subjects whose last outcome is looked at. */
const subjectsMax = 50;
const successMsMax = 120_000;

const freePassage: Passage = { leave: () => undefined };

export function createBreaker(
  { callsMin, failedMin, outcomeMsMax, openMs, openMsMax, probesMax }: BreakerOptions,
  { clock, random }: BreakerDependencies,
): Breaker {
  const outcomes = createRecentOutcomes(
    { subjectsMax, ageMsMax: outcomeMsMax, failedMin, successMsMax },
    { clock },
  );
  const listeners = new Set<() => void>();
  const closing = new AbortController();
  let state: BreakerState = 'closed';
  /** Another one with each change of the state. */
  let round = createBreakerRound({ probesMax });
  let failedCalls = 0;
  let wasHeld = false;
  let waitMs: number | undefined;
  let openUntil = clock.now();
  let closedSince = clock.now();
  let openedBy: { readonly failure: CleanupFailure; readonly isUnreachable: boolean } | undefined;

  function isHeld(): boolean {
    return state === 'open' || (state === 'half-open' && !round.hasRoom());
  }

  function tellListeners(): void {
    wasHeld = isHeld();
    for (const listener of listeners) listener();
  }

  function become(next: BreakerState): void {
    state = next;
    round = createBreakerRound({ probesMax });
    failedCalls = 0;
    tellListeners();
  }

  /** The wait doubles also when it was closed for no longer than a wait: nothing had got well. */
  function nextWaitMs(): number {
    const isNew = state === 'closed' && clock.now() - closedSince > openMsMax;
    return waitMs === undefined || isNew ? openMs : Math.min(waitMs * 2, openMsMax);
  }

  function open(failure: CleanupFailure, isUnreachable: boolean): void {
    waitMs = nextWaitMs();
    openUntil = later(clock.now(), waitMs);
    openedBy = { failure, isUnreachable };
    become('open');
    void clock.sleep(waitMs, closing.signal).then(() => {
      if (!closing.signal.aborted) become('half-open');
    });
  }

  function close(): void {
    closedSince = clock.now();
    openedBy = undefined;
    become('closed');
  }

  function enterRound(): Passage | undefined {
    if (!round.hasRoom()) return undefined;
    const own = round;
    const leave = own.enter();
    if (isHeld() !== wasHeld) tellListeners();
    return {
      leave() {
        leave();
        if (own === round) reviewRound();
      },
    };
  }

  /** A round that has seen failures goes on until its last job has ended: that one may prove it well. */
  function reviewRound(): void {
    const outcome = round.outcome(openedBy?.isUnreachable === true ? 1 : probesMax);
    if (outcome.kind === 'unwell') open(outcome.failure, outcome.isUnreachable);
    else if (outcome.kind === 'not-unwell') close();
    else if (isHeld() !== wasHeld) tellListeners();
  }

  function failInRound(subject: string, failure: CleanupFailure): void {
    round.failed(subject, failure);
    outcomes.add(subject, false);
  }

  function answeredInRound(findings: readonly Finding[]): void {
    const isWell = findings.some(({ tiers }) => tiers === 'well');
    // Closed without such a proof it opens again with the next failure, if there were others of late.
    if (isWell) outcomes.clear();
    if (isWell || (openedBy?.isUnreachable === true && !round.isLost())) {
      close();
      return answeredWhenClosed(findings);
    }
    for (const finding of findings) {
      if (finding.tiers === 'unwell') failInRound(finding.subject, finding.failure);
      else round.answered(finding.subject);
    }
    reviewRound();
  }

  function answeredWhenClosed(findings: readonly Finding[]): void {
    failedCalls = 0;
    for (const { subject, tiers } of findings) {
      if (tiers !== 'not-known') outcomes.add(subject, tiers === 'well');
    }
    const unwell = findings.find((finding) => finding.tiers === 'unwell');
    if (unwell !== undefined && outcomes.mostFail()) open(unwell.failure, false);
  }

  function failedInRound({ subjects, failure, isUnreachable }: FailedCall): void {
    if (isUnreachable) round.lost(failure);
    else for (const subject of subjects) failInRound(subject, failure);
    reviewRound();
  }

  function failedWhenClosed({ subjects, failure, isUnreachable }: FailedCall): void {
    if (isUnreachable) failedCalls += 1;
    else for (const subject of subjects) outcomes.add(subject, false);
    if (failedCalls >= callsMin || outcomes.mostFail()) open(failure, isUnreachable);
  }

  return {
    isHeld,
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    state: () => state,
    reason() {
      return openedBy && `${openedBy.failure.reason}: ${openedBy.failure.message}`;
    },

    enter() {
      if (state === 'closed') return freePassage;
      return state === 'half-open' ? enterRound() : undefined;
    },

    send() {
      if (state === 'open') return undefined;
      const own = round;
      const isWhenClosed = state === 'closed';
      return {
        answered(findings) {
          if (own !== round) return;
          if (isWhenClosed) answeredWhenClosed(findings);
          else answeredInRound(findings);
        },
        failed(call) {
          if (own !== round) return;
          if (isWhenClosed) failedWhenClosed(call);
          else failedInRound(call);
        },
      };
    },

    againAt() {
      const spreadMs = waitMs ?? openMs;
      const from = state === 'open' ? openUntil : later(clock.now(), spreadMs);
      return later(from, Math.floor(random() * spreadMs));
    },

    close: () => closing.abort(),
  };
}
