import { CleanupFailure, DomainError, later, type Clock, type SweepRun } from '@holdfast/domain';
import { DelayedError, WaitingError } from 'bullmq';
import type { QueuedJob } from './cleanup-worker.js';
import { failureOf, unknownJob } from './fail-job.js';
import type { RunAgain } from './run-job.js';
import { decodeSweepJob, type SweepJob } from './sweep-job-codec.js';

/**
 * Runs one job of the queue `sweep`, until it is done or `signal` aborts. Rejects when it failed: it is
 * not tried again.
 */
export type SweepHandler = (
  job: SweepJob,
  hands: SweepJobHands,
  signal: AbortSignal,
) => Promise<SweepJobOutcome>;

/** What a handler can do to its job, where Redis is there to take it. Nothing of it ever rejects. */
export interface SweepJobHands {
  /** Shows how far it is. */
  readonly tell: (progress: object) => Promise<void>;
  /** Has a scheduled job be this run from now on, also where it is run again because its worker died. */
  readonly adopt: (run: SweepRun) => Promise<void>;
}

export type SweepJobOutcome =
  | {
      readonly kind: 'done';
      /** What is shown of it. */
      readonly summary: object;
    }
  /** It is not done: somebody else is to go on with it, now. */
  | { readonly kind: 'again' };

export interface SweepJobDependencies {
  readonly clock: Clock;
  /** Aborts when jobs are to be left to others. */
  readonly leaving: AbortSignal;
  readonly runAgain: RunAgain;
  readonly handsOf: (job: QueuedJob) => SweepJobHands;
}

/** Runs a job the way BullMQ wants it: what becomes of it is said by what is answered or thrown. */
export type SweepJobRunner = (
  job: QueuedJob,
  token: string,
  signal: AbortSignal,
) => Promise<object>;

/** One that asks to be run again here waits at least so long for it. */
const againMsMin = 1_000;

export function createSweepJobRunner(
  handle: SweepHandler,
  { clock, leaving, runAgain, handsOf }: SweepJobDependencies,
): SweepJobRunner {
  async function run(job: QueuedJob, signal: AbortSignal): Promise<SweepJobOutcome> {
    const decoded = decodeSweepJob(job.name, job.data);
    if (decoded === undefined) throw unknownJob(job.name);
    const either = AbortSignal.any([signal, leaving]);
    return handle(decoded, handsOf(job), either);
  }

  async function putBack(job: QueuedJob, token: string): Promise<Error> {
    if (!leaving.aborted) {
      await runAgain(job, later(clock.now(), againMsMin), token);
      return new DelayedError();
    }
    await job.moveToWait(token);
    return new WaitingError();
  }

  return async (job, token, signal) => {
    if (leaving.aborted) throw await putBack(job, token);
    // Whoever put it on the queue does not decide how often it is tried, nor how long it is kept.
    job.opts = { attempts: 1, stackTraceLimit: 1 };
    let outcome: SweepJobOutcome;
    try {
      outcome = await run(job, signal);
    } catch (error) {
      throw failureOf(job, finalFailure(error));
    }
    switch (outcome.kind) {
      case 'done':
        return outcome.summary;
      case 'again':
        throw await putBack(job, token);
    }
  };
}

function finalFailure(error: unknown): unknown {
  return error instanceof DomainError
    ? new CleanupFailure(error.code, error.message, { isFinal: true })
    : error;
}
