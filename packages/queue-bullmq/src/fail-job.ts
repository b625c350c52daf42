import { CleanupFailure } from '@holdfast/domain';
import { UnrecoverableError } from 'bullmq';
import type { QueuedJob } from './cleanup-worker.js';
import { formatFailure, unknownJobReason } from './failure-codec.js';

const stackCharactersMax = 4_000;

/** What BullMQ is to be told of a job that failed so. */
export function failureOf(job: QueuedJob, error: unknown): Error {
  const text = formatFailure(error);
  const isFinal = error instanceof CleanupFailure && error.isFinal;
  const failure = isFinal ? new UnrecoverableError(text) : new Error(text);
  if (error instanceof CleanupFailure) {
    // Its reason says more than where in the program it was noticed.
    job.opts.stackTraceLimit = 0;
  } else if (error instanceof Error && error.stack !== undefined) {
    failure.stack = error.stack.slice(0, stackCharactersMax);
  }
  return failure;
}

export function unknownJob(name: string): CleanupFailure {
  const message = `this version cannot read the job ${JSON.stringify(name)}`;
  return new CleanupFailure(unknownJobReason, message, { isFinal: true });
}
