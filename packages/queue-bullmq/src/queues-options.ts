export interface QueuesOptions {
  /** How often a job is started before it becomes a dead letter. */
  readonly attemptsMax: number;
  /** The longest wait after the first failure; it doubles with each further one. */
  readonly backoffMs: number;
  readonly backoffMsMax: number;
  /** How long the claims of a dead worker last at most. */
  readonly claimMs: number;
  /** Jobs done that are kept for the dashboard, of each queue. 0 keeps none. */
  readonly completedMax: number;
  /** Dead letters that are kept, of each queue; beyond them the oldest go. */
  readonly deadLettersMax: number;
  /** How many jobs all workers together start in a second; no limit when absent. */
  readonly jobsPerSecondMax: {
    readonly settle?: number | undefined;
    readonly reclaim?: number | undefined;
  };
}

export const queuesDefaults: QueuesOptions = {
  attemptsMax: 10,
  backoffMs: 1_000,
  backoffMsMax: 300_000,
  claimMs: 30_000,
  completedMax: 1_000,
  deadLettersMax: 100_000,
  jobsPerSecondMax: {},
};
