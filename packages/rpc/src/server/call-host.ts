import type { Clock } from '@holdfast/domain';
import type { CallObserver } from './call-observer.js';
import type { CallTable } from './call-table.js';
import type { ServerLimits } from './server-limits.js';

/** What a call needs of its server. */
export interface CallHost {
  readonly limits: ServerLimits;
  readonly clock: Clock;
  readonly observer: CallObserver;
  readonly requestIds: () => string;
  readonly calls: CallTable;
}
