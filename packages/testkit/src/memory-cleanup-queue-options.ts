export interface MemoryCleanupQueueOptions {
  /** How often a job is started before it becomes a dead letter. */
  readonly attemptsMax: number;
  /** The longest wait after the first failure; it doubles with each further one. */
  readonly backoffMs: number;
  readonly backoffMsMax: number;
  /** A handler that takes longer is presumed dead, and its job is anybody's. */
  readonly claimMs: number;
  /** Waiting, running and dead jobs together; one more is refused. */
  readonly jobsMax: number;
}

export const memoryCleanupQueueDefaults: MemoryCleanupQueueOptions = {
  attemptsMax: 10,
  backoffMs: 1_000,
  backoffMsMax: 300_000,
  claimMs: 30_000,
  jobsMax: 100_000,
};
