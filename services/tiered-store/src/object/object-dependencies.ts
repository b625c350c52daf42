import type { Clock, Ids, StorageEngine } from '@holdfast/domain';
import type { Admission, ByteBudget } from '@holdfast/service-kit';

/** What the handlers of the ObjectService are built on. */
export interface ObjectDependencies {
  readonly engine: StorageEngine;
  readonly ids: Ids;
  readonly clock: Clock;
  readonly admission: Admission;
  /** Counts the payload bytes that are held for callers. */
  readonly payloadBytes: ByteBudget;
}
