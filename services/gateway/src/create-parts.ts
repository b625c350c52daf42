import {
  createByteBudget,
  systemClock,
  type ByteBudget,
  type Metrics,
} from '@holdfast/service-kit';
import type { Settings } from './config.js';
import type { GatewayParts } from './handlers/gateway-parts.js';
import { handlerLimitDefaults } from './handlers/handler-limits.js';
import { createOperationCounts } from './handlers/operation-counts.js';
import { createBackend } from './upstream/backend.js';
import { createBackends, type Backends } from './upstream/backends.js';
import { createRetryBudget } from './upstream/retry-budget.js';
import type { RetryCounts } from './upstream/retry-counts.js';
import { createStallWatch } from './upstream/stall-watch.js';
import { createUpstream } from './upstream/upstream.js';
import { createWaitingRoom, type WaitingRoom } from './upstream/waiting-room.js';

/** What is no setting. */
const waitersMax = 10_000;
const lookForStoreMs = 25;
const lookForStallMs = 1_000;
const movesMax = 8;
const repeatsMax = 1;
const retryTokensMax = 100;
/** A shared stream whose connection broke gives its operations back after this long. */
const reopenMsMax = 250;

interface PartsDependencies {
  readonly draining: AbortSignal;
  readonly metrics: Metrics;
}

interface CreatedParts {
  readonly parts: GatewayParts;
  readonly backends: Backends;
  /** Once no caller is there any more. */
  readonly close: (drainMsMax: number) => Promise<void>;
}

/** The ways to the stores, and what the handlers need around them. */
export function createParts(
  settings: Settings,
  { draining, metrics }: PartsDependencies,
): CreatedParts {
  const clock = systemClock;
  const { commitMsMax, payloadBytesMax, operationMsMax, stallMsMax } = settings.limits;
  const backends = openBackends(settings);
  const budget = createByteBudget({ bytesMax: payloadBytesMax });
  const waitingRoom = createWaitingRoom(
    { waitersMax, lookMs: lookForStoreMs },
    { clock, pick: () => backends.pick() },
  );
  const retryBudget = createRetryBudget(
    { ...settings.retries, tokensMax: retryTokensMax },
    { clock },
  );
  const upstream = createUpstream({
    clock,
    backends,
    waitingRoom,
    retryBudget,
    counts: countRetries(metrics),
    limits: { waitMsMax: settings.tieredStore.waitMs, movesMax, repeatsMax },
  });
  exportGauges(metrics, backends, budget, waitingRoom);
  const limits = { ...handlerLimitDefaults, commitMsMax, operationMsMax, stallMsMax };
  const stallWatch = createStallWatch({ lookMs: lookForStallMs }, { clock });
  const operationCounts = createOperationCounts(metrics);
  return {
    parts: { upstream, budget, stallWatch, clock, limits, operationCounts, draining },
    backends,
    async close(drainMsMax) {
      waitingRoom.close();
      await backends.close(drainMsMax);
    },
  };
}

function openBackends({ tieredStore }: Settings): Backends {
  const { addresses, streamsPerAddress: streams, tls } = tieredStore;
  const session = { openMsMax: reopenMsMax };
  const all = addresses.map((address) =>
    createBackend({ channel: { address, tls }, streams, session }, { clock: systemClock }),
  );
  return createBackends(all, { random: Math.random });
}

function countRetries(metrics: Metrics): RetryCounts {
  const retries = metrics.counter(
    'gateway_retries_total',
    'Operations sent again: moved, when they had not run; repeated, when they may have',
    ['kind'],
  );
  const moved = retries.labels('moved');
  const repeated = retries.labels('repeated');
  return { moved: () => moved.add(), repeated: () => repeated.add() };
}

function exportGauges(
  metrics: Metrics,
  backends: Backends,
  budget: ByteBudget,
  waitingRoom: WaitingRoom,
): void {
  metrics.gauge('gateway_stores_ready', 'Tiered stores that can be reached', backends.ready);
  metrics.gauge(
    'gateway_upstream_outstanding',
    'Operations and streams that run at tiered stores',
    backends.outstanding,
  );
  metrics.gauge('gateway_waiting', 'Calls that wait for a store to be ready', waitingRoom.waiting);
  metrics.gauge('gateway_held_bytes', 'Payload bytes held', () => budget.used());
  metrics.gauge('gateway_held_bytes_waiting', 'Calls that wait for room for their bytes', () =>
    budget.waiting(),
  );
}
