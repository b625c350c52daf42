import type { CleanupHandler, Clock, Timestamp } from '@holdfast/domain';
import { DelayedError, WaitingError } from 'bullmq';
import type { QueuedJob } from './cleanup-worker.js';
import { failureOf, unknownJob } from './fail-job.js';
import { decodeJob } from './job-codec.js';
import type { CleanupQueueName } from './queue-names.js';

export interface RunOptions {
  readonly attemptsMax: number;
  readonly deadLettersMax: number;
}

export interface RunDependencies {
  readonly clock: Clock;
  /** Whether jobs are to be left to others for now. */
  readonly isLeaving: () => boolean;
  readonly runAgain: RunAgain;
}

/** Runs jobs of one queue the way BullMQ wants it: what becomes of a job is said by what is thrown. */
export type JobRunner = (job: QueuedJob, token: string, signal: AbortSignal) => Promise<void>;

/** Puts a running job off, and forgets how often it has failed. */
export type RunAgain = (job: QueuedJob, at: Timestamp, token: string) => Promise<void>;

/** A handler that asks for another run waits at least so long for it. */
const againMsMin = 1_000;

export function createJobRunner(
  queue: CleanupQueueName,
  handle: CleanupHandler,
  options: RunOptions,
  { clock, isLeaving, runAgain }: RunDependencies,
): JobRunner {
  async function run(
    { name, data }: QueuedJob,
    signal: AbortSignal,
  ): Promise<Timestamp | undefined> {
    const decoded = decodeJob(queue, name, data);
    if (decoded === undefined) throw unknownJob(name);
    const { job, notBefore } = decoded;
    if (notBefore !== undefined && notBefore > clock.now()) return notBefore;
    const again = await handle(job, signal);
    if (again === undefined) return undefined;
    // Clocks differ: one that is ahead of whoever named the time would not stop asking.
    return Math.max(again, clock.now() + againMsMin) as Timestamp;
  }

  return async (job, token, signal) => {
    if (isLeaving()) {
      await job.moveToWait(token);
      throw new WaitingError();
    }
    applyOptions(job, options);
    let again: Timestamp | undefined;
    try {
      again = await run(job, signal);
    } catch (error) {
      throw failureOf(job, error);
    }
    if (again === undefined) return;
    await runAgain(job, again, token);
    throw new DelayedError();
  };
}

/** How often a job is tried is decided here, and not by whoever put it on the queue. */
function applyOptions(job: QueuedJob, { attemptsMax, deadLettersMax }: RunOptions): void {
  const { opts } = job;
  opts.attempts = attemptsMax;
  opts.backoff = { type: 'custom' };
  opts.removeOnFail = { count: deadLettersMax };
  opts.stackTraceLimit = 1;
}
