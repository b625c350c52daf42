import type { Clock, Ids } from '@holdfast/domain';
import type { SweepQueue } from '@holdfast/queue-bullmq';
import type { Logger } from '@holdfast/service-kit';

/** What the handlers of the SweeperService are built on. */
export interface OperatorDependencies {
  readonly queue: Pick<SweepQueue, 'ledger' | 'add' | 'remove'>;
  readonly clock: Clock;
  readonly ids: Ids;
  /** Also hears of what operators decide: at a level that nobody switches off to have less to read. */
  readonly logger: Pick<Logger, 'warn'>;
  /** Aborts when this process ends: what it tells callers then ends too, and their runs do not. */
  readonly draining: AbortSignal;
}
