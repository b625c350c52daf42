import { clockSkewMsMax } from '../limits.js';
import type { CleanupJobs } from '../ports/cleanup-jobs.js';
import type { CleanupProducer } from '../ports/cleanup-queue.js';
import type { Clock } from '../ports/clock.js';
import type { SweptStore } from '../ports/swept-store.js';
import { createExpireObjectsDuty } from './expire-objects-duty.js';
import { createReclaimOrphansDuty } from './reclaim-orphans-duty.js';
import { createRecoverChangesDuty } from './recover-changes-duty.js';
import type { SweepDuty } from './sweep-duty.js';
import type { SweepKind } from './sweep-request.js';
import { createVerifyObjectsDuty } from './verify-objects-duty.js';

export interface SweepDutiesOptions {
  /** Orphans are not looked for while the store's clock and ours are further apart. */
  readonly skewMsMax?: number | undefined;
}

export interface SweepDutiesDependencies {
  readonly store: SweptStore;
  readonly producer: CleanupProducer;
  readonly jobs: CleanupJobs;
  readonly clock: Clock;
}

export type SweepDuties = Readonly<Record<SweepKind, SweepDuty>>;

export function createSweepDuties(
  { skewMsMax = clockSkewMsMax }: SweepDutiesOptions,
  dependencies: SweepDutiesDependencies,
): SweepDuties {
  return {
    'recover-changes': createRecoverChangesDuty(dependencies),
    'reclaim-orphans': createReclaimOrphansDuty({ skewMsMax }, dependencies),
    'expire-objects': createExpireObjectsDuty(dependencies),
    'verify-objects': createVerifyObjectsDuty(dependencies),
  };
}
