import type { CleanupJob } from './cleanup-queue.js';

/** Where a job is: on its queue, waiting, delayed or running; given up on; or not there. */
export type CleanupJobState = 'queued' | 'dead-letter' | 'absent';

/** Looks for jobs, without touching them. */
export interface CleanupJobs {
  /** One state for each job, in their order. Fails fast, with `TIER_UNAVAILABLE`. */
  states(jobs: readonly CleanupJob[]): Promise<readonly CleanupJobState[]>;
}
