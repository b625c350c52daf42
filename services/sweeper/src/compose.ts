import { createSweepDuties } from '@holdfast/domain';
import {
  inspectRedis,
  openCleanupProducer,
  openSweepQueue,
  producerDefaults,
  type QueueReport,
  type RedisOptions,
  type SweepHandler,
  type SweepQueue,
} from '@holdfast/queue-bullmq';
import { startRpcServer, type RpcMethod, type RpcServer } from '@holdfast/rpc';
import {
  createCallObserver,
  createMetrics,
  createRedisWatch,
  createRevisionIds,
  createTracer,
  startHttpEndpoint,
  StartupError,
  startupErrorOf,
  systemClock as clock,
  warnIfExposed,
  type HttpEndpoint,
  type Logger,
  type Metrics,
  type RedisWatch,
  type ServiceScope,
  type Tracer,
} from '@holdfast/service-kit';
import type { Settings } from './config.js';
import { sweeperMethods } from './operators/sweeper-methods.js';
import { startDuties, type Duties } from './start-duties.js';
import { openSweptStore } from './store/open-swept-store.js';
import { createHandler } from './sweeping/create-handler.js';
import { observeSweeps } from './sweeping/observe-sweeps.js';
import { createPace, type Pace } from './sweeping/pace.js';
import { exportSweepQueue } from './sweeping/sweep-gauges.js';

export interface Sweeper {
  readonly server: RpcServer;
  readonly http: HttpEndpoint;
}

interface Tellers {
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly tracer: Tracer;
}

/** What everything in the service is built on. */
interface Core {
  readonly redis: RedisWatch;
  readonly queue: SweepQueue;
  readonly pace: Pace;
  readonly handle: SweepHandler;
  readonly refreshQueueGauges: () => Promise<void>;
}

const name = 'sweeper';
const redisTexts = {
  connected: 'Redis is connected',
  disconnected: 'Redis cannot be reached: nothing is swept until it can',
  failed: 'the queues report a failure',
};

/**
 * The one place where the parts are put together. What is opened is registered to be closed: sweeps and
 * callers first, then the ways to Redis and to the stores.
 *
 * Redis decides whether it is ready: without it there is nothing to do. The stores do not: a sweep that
 * does not reach them fails, the next one comes in its time, and operators can look at reports meanwhile.
 */
export async function startSweeper(
  settings: Settings,
  scope: ServiceScope,
  { logger }: { readonly logger: Logger },
): Promise<Sweeper> {
  const metrics = createMetrics({ service: name });
  const tracer = createTracer({ ...settings.tracing, service: name }, { logger });
  scope.onShutdown('force', 'tracing', () => tracer.close());
  const tellers = { logger, metrics, tracer };
  const core = await openCore(settings, scope, tellers);
  const { redis, queue, handle } = core;

  const isReady = (): true | string =>
    scope.signal.aborted ? 'shutting down' : (redis.problem() ?? true);
  const http = await startHttpEndpoint(settings.http, { metrics, isReady, logger });
  scope.onShutdown('force', 'http', () => http.close());
  const server = await startServer(settings, methodsOf(settings, core, scope, logger), tellers);
  scope.onShutdown('not-ready', 'health', () => server.setServing(false));
  const duties = startDuties({ ...core, isReady: () => isReady() === true, clock, logger });
  // Runs stop where they are when the process ends, for others to go on.
  const sweeps = queue.work(handle, { signal: scope.signal });
  endInOrder(scope, { server, duties, sweeps }, logger);

  function follow(): void {
    server.setServing(isReady() === true);
    duties.redisChanged();
  }
  redis.onChange(follow);
  follow();
  warnIfExposed(settings, 'SweeperService', logger);
  const { addresses } = settings.tieredStore;
  logger.info({ ...server.address, http: http.address, stores: addresses }, 'listening');
  return { server, http };
}

async function openCore(settings: Settings, scope: ServiceScope, tellers: Tellers): Promise<Core> {
  const { logger, metrics } = tellers;
  const options = redisOptions(settings);
  const redis = createRedisWatch(redisTexts, {
    inspect: () => inspectRedis(options),
    clock,
    logger,
    refuse: (error) => scope.fail(error),
    signal: scope.signal,
  });
  await redis.inspectAtStart();
  const queue = openQueue(settings, options, redis.report);
  scope.onShutdown('settle', 'queue', () => queue.close());
  const refreshQueueGauges = exportSweepQueue({ queue, metrics });
  const pace = createPace({ queue, duties: settings.duties });
  const handle = createHandler(
    { ...settings.runs, duties: settings.duties },
    {
      ledger: queue.ledger,
      duties: openDuties(settings, scope, queue, { ...tellers, report: redis.report }),
      pace,
      observer: observeSweeps({ metrics, logger, clock }),
      clock,
      ids: createRevisionIds(clock),
      logger,
    },
  );
  return { redis, queue, pace, handle, refreshQueueGauges };
}

function redisOptions({ queue: { url, tls, prefix } }: Settings): RedisOptions {
  return { url: url.reveal(), tls, prefix };
}

function openQueue({ runs }: Settings, redis: RedisOptions, report: QueueReport): SweepQueue {
  try {
    return openSweepQueue(redis, runs, { clock, report });
  } catch (cause) {
    throw startupErrorOf('queue', cause);
  }
}

function openDuties(
  settings: Settings,
  scope: ServiceScope,
  { jobs }: SweepQueue,
  { metrics, report }: Tellers & { readonly report: QueueReport },
) {
  const skew = metrics.gauge(
    'sweep_clock_skew_seconds',
    'By how much the clock of the store was ahead of ours when it was last asked',
  );
  const store = openSweptStore(settings.tieredStore, {
    clock,
    told: (aheadMs) => skew.labels().set(aheadMs / 1_000),
  });
  scope.onShutdown('settle', 'stores', () => store.close());
  // Its connection is one of several to the same Redis: that one is away is told by the queue.
  const own = { ...report, connected: () => undefined, disconnected: () => undefined };
  const producer = openCleanupProducer(redisOptions(settings), producerDefaults, {
    clock,
    report: own,
  });
  scope.onShutdown('settle', 'cleanup queues', () => producer.close());
  return createSweepDuties(settings.runs, { store, producer, jobs, clock });
}

function methodsOf(
  settings: Settings,
  { queue }: Core,
  { signal: draining }: ServiceScope,
  logger: Logger,
): readonly RpcMethod[] {
  const ids = createRevisionIds(clock);
  return sweeperMethods(settings, { queue, clock, ids, logger, draining });
}

async function startServer(
  { listen, tls }: Settings,
  methods: readonly RpcMethod[],
  { logger, metrics, tracer }: Tellers,
): Promise<RpcServer> {
  const ids = createRevisionIds(clock);
  const server = await startRpcServer({ ...listen, tls, limits: {} }, methods, {
    clock,
    observer: createCallObserver(metrics, logger, tracer),
    requestIds: () => ids.revision(),
  }).catch((cause: unknown) => {
    // A port in use, a certificate that cannot be read: one line for the person who starts us.
    throw new StartupError(cause instanceof Error ? cause.message : String(cause), { cause });
  });
  metrics.gauge('rpc_connections', 'Connections of callers', server.connections);
  return server;
}

interface Running {
  readonly server: RpcServer;
  readonly duties: Duties;
  readonly sweeps: Promise<void>;
}

/** All of them have the whole time, since none waits for another. */
function endInOrder(
  scope: ServiceScope,
  { server, duties, sweeps }: Running,
  logger: Logger,
): void {
  scope.onShutdown('drain', 'sweeps and callers', async (time) => {
    const [cutOff] = await Promise.all([server.close(time.msLeft()), sweeps, duties.stop()]);
    if (cutOff > 0) logger.warn({ cutOff }, 'calls were cut off');
  });
}
