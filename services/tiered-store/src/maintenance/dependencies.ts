import type { Clock, StorageEngine, Timestamp } from '@holdfast/domain';
import type { Logger } from '@holdfast/service-kit';

/** What the handlers of the MaintenanceService are built on. */
export interface MaintenanceDependencies {
  readonly engine: StorageEngine;
  readonly tiers: DescribedTiers;
  readonly clock: Clock;
  /** Also hears of decisions of operators: at a level that nobody switches off to have less to read. */
  readonly logger: Pick<Logger, 'warn'>;
}

/** The tiers as operators know them. */
export interface DescribedTiers {
  /** `lmdb`, `bigtable`, `memory`. */
  readonly highVolume: string;
  /** `filesystem`, `gcs`, `memory`. */
  readonly longTerm: string;
  /** The time by the long-term tier's own clock, where it has one. */
  readonly longTermTime?: ((signal: AbortSignal) => Promise<Timestamp>) | undefined;
}
