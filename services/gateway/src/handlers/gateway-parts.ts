import type { Clock } from '@holdfast/domain';
import type { ByteBudget } from '@holdfast/service-kit';
import type { StallWatch } from '../upstream/stall-watch.js';
import type { Upstream } from '../upstream/upstream.js';
import type { HandlerLimits } from './handler-limits.js';
import type { OperationCounts } from './operation-counts.js';

/** What the handlers work with. */
export interface GatewayParts {
  readonly upstream: Upstream;
  /** The payload bytes this process holds. */
  readonly budget: ByteBudget;
  readonly stallWatch: StallWatch;
  readonly clock: Clock;
  readonly limits: HandlerLimits;
  readonly operationCounts: OperationCounts;
  /** Aborts when the server begins to shut down. */
  readonly draining: AbortSignal;
}
