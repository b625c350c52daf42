import type { CleanupConsumer, Clock } from '@holdfast/domain';
import type { BullmqQueues } from '@holdfast/queue-bullmq';
import type { Logger, Metrics } from '@holdfast/service-kit';
import type { Breaker } from '../cleaning/breaker.js';
import type { OrphanBytes } from '../orphan-bytes.js';
import type { MaintenanceStore } from '../store/maintenance-store.js';

/** What the handlers of the CleanupService are built on. */
export interface OperatorDependencies {
  readonly queues: OperatedQueues;
  readonly store: Pick<MaintenanceStore, 'settle' | 'reclaim' | 'discard'>;
  readonly breaker: Pick<Breaker, 'state' | 'reason'>;
  readonly orphanBytes: OrphanBytes;
  readonly clock: Clock;
  /** Also hears of what operators decide: at a level that nobody switches off to have less to read. */
  readonly logger: Pick<Logger, 'warn'>;
  readonly metrics: Pick<Metrics, 'counter'>;
  /** From 0 to less than 1; `Math.random` where it is left out. */
  readonly random?: (() => number) | undefined;
}

/** The queues as operators see and steer them. */
export interface OperatedQueues extends Pick<BullmqQueues, 'stats' | 'pause' | 'resume'> {
  readonly consumer: DeadLetters;
}

export type DeadLetters = Pick<
  CleanupConsumer,
  'listDeadLetters' | 'findDeadLetters' | 'retryDeadLetter' | 'discardDeadLetter'
>;
