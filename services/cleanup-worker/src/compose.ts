import { inspectRedis, type BullmqQueues } from '@holdfast/queue-bullmq';
import { startRpcServer, type RpcMethod, type RpcServer } from '@holdfast/rpc';
import {
  createCallObserver,
  createMetrics,
  createRedisWatch,
  createRevisionIds,
  createTracer,
  startHttpEndpoint,
  StartupError,
  systemClock as clock,
  warnIfExposed,
  type HttpEndpoint,
  type HttpRoute,
  type Logger,
  type Metrics,
  type RedisWatch,
  type ServiceScope,
  type Tracer,
} from '@holdfast/service-kit';
import { createCleaning, type Cleaning } from './cleaning/start-cleaning.js';
import type { Settings } from './config.js';
import { createDashboard } from './dashboard/create-dashboard.js';
import { cleanupMethods } from './operators/cleanup-methods.js';
import { createOrphanBytes, type OrphanBytes } from './orphan-bytes.js';
import { openQueues, redisOptions } from './queue/open-queues.js';
import { exportQueues } from './queue/queue-gauges.js';
import { startDuties, type Duties } from './start-duties.js';
import { openMaintenanceStore, type MaintenanceStore } from './store/maintenance-store.js';

export interface CleanupWorker {
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
  readonly store: MaintenanceStore;
  readonly redis: RedisWatch;
  readonly queues: BullmqQueues;
  readonly cleaning: Cleaning;
  readonly orphanBytes: OrphanBytes;
}

const name = 'cleanup-worker';
const random = Math.random;
const redisTexts = {
  connected: 'Redis is connected',
  disconnected: 'Redis cannot be reached: no jobs are taken until it can',
  failed: 'the queues report a failure',
};

/**
 * The one place where the parts are put together. What is opened is registered to be closed: jobs and
 * callers first, then the ways to Redis and to the stores.
 *
 * Redis decides whether it is ready: without it there is nothing to do. The stores do not: the breaker
 * waits for them, and operators can look at the queues meanwhile.
 */
export async function startCleanupWorker(
  settings: Settings,
  scope: ServiceScope,
  { logger }: { readonly logger: Logger },
): Promise<CleanupWorker> {
  const metrics = createMetrics({ service: name });
  const tracer = createTracer({ ...settings.tracing, service: name }, { logger });
  scope.onShutdown('force', 'tracing', () => tracer.close());
  const tellers = { logger, metrics, tracer };
  const core = await openCore(settings, scope, tellers);
  const { cleaning, redis } = core;

  const isReady = (): true | string =>
    scope.signal.aborted ? 'shutting down' : (redis.problem() ?? true);
  const routes = dashboardOf(settings, core, logger);
  const http = await startHttpEndpoint(settings.http, { metrics, isReady, logger, routes });
  scope.onShutdown('force', 'http', () => http.close());
  const server = await startServer(settings, methodsOf(core, tellers), tellers);
  scope.onShutdown('not-ready', 'health', () => server.setServing(false));
  endInOrder(scope, server, core, startHousekeeping(settings, core, tellers), logger);

  function follow(): void {
    server.setServing(isReady() === true);
    if (isReady() === true) cleaning.begin();
  }
  redis.onChange(follow);
  follow();
  warnIfExposed(settings, 'CleanupService', logger);
  const { addresses } = settings.tieredStore;
  logger.info({ ...server.address, http: http.address, stores: addresses }, 'listening');
  return { server, http };
}

async function openCore(
  settings: Settings,
  scope: ServiceScope,
  { logger, metrics }: Tellers,
): Promise<Core> {
  const redis = createRedisWatch(redisTexts, {
    inspect: () => inspectRedis(redisOptions(settings.queue)),
    clock,
    logger,
    refuse: (error) => scope.fail(error),
    signal: scope.signal,
  });
  await redis.inspectAtStart();
  const store = openMaintenanceStore(settings.tieredStore, { clock });
  scope.onShutdown('settle', 'stores', () => store.close());
  const queues = openQueues(settings, { clock, random, report: redis.report });
  scope.onShutdown('settle', 'queues', () => queues.close());
  const cleaning = createCleaning(
    { ...settings.cleaning, breaker: settings.breaker },
    {
      consumer: queues.consumer,
      store,
      clock,
      random,
      logger,
      metrics,
      failed: (cause) => scope.fail(cause),
    },
  );
  const orphanBytes = createOrphanBytes({ store, metrics, clock });
  return { store, redis, queues, cleaning, orphanBytes };
}

function methodsOf(
  { store, queues, cleaning, orphanBytes }: Core,
  { logger, metrics }: Tellers,
): readonly RpcMethod[] {
  const { breaker } = cleaning;
  return cleanupMethods({ queues, store, breaker, orphanBytes, clock, logger, metrics });
}

function dashboardOf(
  { http, dashboard }: Settings,
  { queues }: Core,
  logger: Logger,
): readonly HttpRoute[] | undefined {
  if (!dashboard.enabled) return undefined;
  const { boards, consumer: deadLetters } = queues;
  return createDashboard({ ...dashboard, host: http.host }, { boards, deadLetters, logger, clock });
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

function startHousekeeping(
  { orphanBytes: { everyMs: countEveryMs } }: Settings,
  { queues, orphanBytes }: Core,
  { logger, metrics }: Tellers,
): Duties {
  const refreshQueueGauges = exportQueues({ queues, metrics, clock });
  return startDuties({ countEveryMs }, { orphanBytes, refreshQueueGauges, clock, logger });
}

/** All of them have the whole time, since none waits for another. */
function endInOrder(
  scope: ServiceScope,
  server: RpcServer,
  { cleaning }: Core,
  duties: Duties,
  logger: Logger,
): void {
  scope.onShutdown('drain', 'jobs and callers', async (time) => {
    const [cutOff] = await Promise.all([
      server.close(time.msLeft()),
      cleaning.stop(time),
      duties.stop(),
    ]);
    if (cutOff > 0) logger.warn({ cutOff }, 'calls were cut off');
  });
}
