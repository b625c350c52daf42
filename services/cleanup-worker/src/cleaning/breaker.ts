/**
 * Back-pressure: keeps workers from jobs that could only fail, because what all of them need is unwell.
 *
 * | state     | jobs that may run       | goes on to                                                     |
 * | --------- | ----------------------- | -------------------------------------------------------------- |
 * | closed    | all                     | open, when no store could be reached a few times in a row, or  |
 * |           |                         | when a tier's being unwell failed most subjects of late        |
 * | open      | none                    | half-open, after a wait that doubles up to a cap               |
 * | half-open | a few at once, to see   | closed, when one proves the tiers well, or a few were answered |
 * |           | how they end            | and none showed the contrary; open, when one did               |
 *
 * One job that proves it well outweighs those that fail beside it, so that a subject which always
 * fails cannot keep all others waiting. A subject that fails alone never opens it, however often it is
 * tried: it runs out of attempts, and somebody can look at it.
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
import { createRecentOutcomes } from './recent-outcomes.js';

export type BreakerState = 'closed' | 'open' | 'half-open';

export interface BreakerOptions {
  /** Calls in a row that no store was reached for. */
  readonly callsMin: number;
  /** Subjects that failed because a tier is unwell. */
  readonly failedMin: number;
  /** The first wait. */
  readonly openMs: number;
  readonly openMsMax: number;
  /** Jobs that run at once to see how things are. */
  readonly probesMax: number;
}

/** What an answer says about the tiers behind it, besides what it says about its subject. */
export type Finding =
  | { readonly subject: string; readonly tiers: 'well' | 'not-known' }
  | { readonly subject: string; readonly tiers: 'unwell'; readonly failure: CleanupFailure };

/** A call that failed as a whole. */
export interface FailedCall {
  readonly subjects: readonly string[];
  readonly failure: CleanupFailure;
  /** The call has not come as far as any of its subjects: none of them is to blame. */
  readonly isUnreachable: boolean;
}

export interface Breaker extends WorkHold {
  state(): BreakerState;
  /** Why it is not closed, for people; `undefined` when it is. */
  reason(): string | undefined;
  /** Asks for leave to run a job; `undefined` when it may not run now. */
  enter(): Passage | undefined;
  answered(findings: readonly Finding[]): void;
  callFailed(call: FailedCall): void;
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

/** Subjects whose last outcome is looked at, and for how long it means something. */
const subjectsMax = 50;
const outcomeMsMax = 120_000;

/** What has become of the jobs of one time of being half-open. */
interface Round {
  running: number;
  answered: number;
  failure?: CleanupFailure;
}

const freePassage: Passage = { leave: () => undefined };

export function createBreaker(
  { callsMin, failedMin, openMs, openMsMax, probesMax }: BreakerOptions,
  { clock, random }: BreakerDependencies,
): Breaker {
  const outcomes = createRecentOutcomes(
    { subjectsMax, ageMsMax: outcomeMsMax, failedMin },
    { clock },
  );
  const listeners = new Set<() => void>();
  const closing = new AbortController();
  let state: BreakerState = 'closed';
  let round: Round = { running: 0, answered: 0 };
  let failedCalls = 0;
  let wasHeld = false;
  let waitMs: number | undefined;
  let openUntil = clock.now();
  let closedSince = clock.now();
  let openedBy: { readonly failure: CleanupFailure; readonly isUnreachable: boolean } | undefined;

  function isHeld(): boolean {
    return state === 'open' || (state === 'half-open' && !hasRoom());
  }

  function hasRoom(): boolean {
    return round.running < probesMax && round.failure === undefined;
  }

  function tellListeners(): void {
    wasHeld = isHeld();
    for (const listener of listeners) listener();
  }

  function become(next: BreakerState): void {
    state = next;
    round = { running: 0, answered: 0 };
    failedCalls = 0;
    outcomes.clear();
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
    if (!hasRoom()) return undefined;
    const own = round;
    let hasLeft = false;
    own.running += 1;
    if (isHeld() !== wasHeld) tellListeners();
    return {
      leave() {
        if (hasLeft) return;
        hasLeft = true;
        own.running -= 1;
        reviewRound();
      },
    };
  }

  /** A round that has seen a failure goes on until its last job has ended: that one may prove it well. */
  function reviewRound(): void {
    const { running, failure } = round;
    if (failure !== undefined && running === 0) open(failure, openedBy?.isUnreachable ?? false);
    else if (isHeld() !== wasHeld) tellListeners();
  }

  function failRound(failure: CleanupFailure, isUnreachable: boolean): void {
    round.failure ??= failure;
    openedBy = { failure, isUnreachable };
    reviewRound();
  }

  function answeredInRound(findings: readonly Finding[]): void {
    if (findings.some(({ tiers }) => tiers === 'well')) return close();
    const unwell = findings.find((finding) => finding.tiers === 'unwell');
    if (unwell !== undefined) return failRound(unwell.failure, false);
    round.answered += findings.length;
    const answersMin = openedBy?.isUnreachable === true ? 1 : probesMax;
    if (round.failure === undefined && round.answered >= answersMin) close();
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

    answered(findings) {
      failedCalls = 0;
      if (state === 'half-open') return answeredInRound(findings);
      // What began before it opened is not news.
      if (state === 'open') return;
      for (const { subject, tiers } of findings) {
        if (tiers !== 'not-known') outcomes.add(subject, tiers === 'well');
      }
      const unwell = findings.find((finding) => finding.tiers === 'unwell');
      if (unwell !== undefined && outcomes.mostFail()) open(unwell.failure, false);
    },

    callFailed({ subjects, failure, isUnreachable }) {
      if (state === 'half-open') return failRound(failure, isUnreachable);
      if (state === 'open') return;
      if (isUnreachable) failedCalls += 1;
      else for (const subject of subjects) outcomes.add(subject, false);
      if (failedCalls >= callsMin || outcomes.mostFail()) open(failure, isUnreachable);
    },

    againAt() {
      const spreadMs = waitMs ?? openMs;
      const from = state === 'open' ? openUntil : later(clock.now(), spreadMs);
      return later(from, Math.floor(random() * spreadMs));
    },

    close: () => closing.abort(),
  };
}
