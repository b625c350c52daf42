import type { WorkerOptions } from 'bullmq';

/**
 * How often a job's claim may lapse before it fails. A job is not to blame for the workers that died with
 * it, unless it is the one that kills them.
 */
const stalledMax = 300;
/** How soon work goes on after Redis has refused to say what there is to do. */
const retryMs = 1_000;

/** `claimMs`: how long the claims of a dead worker last at most. */
export function claimOptions(claimMs: number) {
  return {
    // The claim of a dead worker is found at the second look after it has lapsed.
    lockDuration: Math.ceil(claimMs / 2),
    stalledInterval: Math.ceil(claimMs / 4),
    maxStalledCount: stalledMax,
    runRetryDelay: retryMs,
  } satisfies Partial<WorkerOptions>;
}
