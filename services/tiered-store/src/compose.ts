import { createEngine, type CleanupProducer, type StorageEngine } from '@holdfast/domain';
import { startRpcServer, type RpcMethod, type RpcServer } from '@holdfast/rpc';
import {
  createAdmission,
  createByteBudget,
  createCallObserver,
  createMetrics,
  createRevisionIds,
  createTracer,
  nativeChecksum as checksum,
  startHttpEndpoint,
  StartupError,
  systemClock as clock,
  warnIfExposed,
  type HttpEndpoint,
  type Logger,
  type Metrics,
  type ServiceScope,
  type ShutdownTime,
  type Tracer,
} from '@holdfast/service-kit';
import { openStorage, type Storage } from '@holdfast/storage';
import { createGetResultEncoder } from './batch/encoded-result.js';
import { createExpectedBytes } from './batch/expected-bytes.js';
import { observeOperations } from './batch/observe-operations.js';
import { exportCapacity } from './capacity-gauges.js';
import type { Settings } from './config.js';
import { startDuties } from './duties/start-duties.js';
import { createLocalCleanup, type LocalCleanup } from './local-cleanup.js';
import { maintenanceMethods } from './maintenance/maintenance-methods.js';
import { objectMethods } from './object/object-methods.js';
import { observeEngine } from './observe-engine.js';
import { prepareStorage } from './prepare-storage.js';
import { openCleanupQueue } from './queue/open-cleanup-queue.js';

export interface TieredStore {
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
  readonly engine: StorageEngine;
  readonly storage: Storage;
  /** Where no queue is. */
  readonly localCleanup: LocalCleanup | undefined;
}

const name = 'tiered-store';
/** Of the drain, for the duties and the engine to end once the callers have; or a quarter of it. */
const afterCallersMsMax = 1_000;
const afterCallersShareMax = 0.25;

/**
 * The one place where the parts are put together. What is opened is registered to be closed: callers
 * first, then the duties, then the engine with what runs behind its answers, then the storage.
 */
export async function startTieredStore(
  settings: Settings,
  scope: ServiceScope,
  { logger }: { readonly logger: Logger },
): Promise<TieredStore> {
  const metrics = createMetrics({ service: name });
  const tracer = createTracer({ ...settings.tracing, service: name }, { logger });
  scope.onShutdown('force', 'tracing', () => tracer.close());
  const tellers = { logger, metrics, tracer };
  const core = await openCore(settings, scope, tellers);
  let isServing = false;
  const isReady = (): boolean => isServing && !scope.signal.aborted;
  const http = await startHttpEndpoint(settings.http, { metrics, isReady, logger });
  scope.onShutdown('force', 'http', () => http.close());

  const server = await startServer(settings, methodsOf(settings, scope, core, tellers), tellers);
  scope.onShutdown('not-ready', 'health', () => server.setServing(false));
  scope.onShutdown('drain', 'callers', async (time) => {
    const cutOff = await server.close(msForCallers(time));
    if (cutOff > 0) logger.warn({ cutOff }, 'calls were cut off');
  });
  keepHouse(settings, scope, core, tellers);
  scope.onShutdown('drain', 'engine', async (time) => {
    const running = await core.engine.close(time.msLeft());
    if (running > 0) logger.warn({ running }, 'changes are left on the log');
  });
  isServing = true;
  server.setServing(true);
  warnIfExposed(settings, 'MaintenanceService', logger);
  logger.info({ ...server.address, http: http.address, ...core.storage.kinds }, 'listening');
  return { server, http };
}

function msForCallers(time: ShutdownTime): number {
  const msLeft = time.msLeft();
  return msLeft - Math.min(afterCallersMsMax, msLeft * afterCallersShareMax);
}

async function openCore(settings: Settings, scope: ServiceScope, tellers: Tellers): Promise<Core> {
  const { logger, metrics } = tellers;
  if (settings.bootstrap.onStart) await prepareStorage(settings.storage, { logger });
  const storage = await openStorage(settings.storage, settings.engine, { clock, checksum });
  scope.onShutdown('settle', 'storage', () => storage.close());
  for (const warning of storage.warnings) logger.warn(storage.kinds, warning);
  const { cleanupQueue, localCleanup } = await openCleanup(settings, scope, tellers);
  const { highVolume, longTerm, changeLog } = storage;
  const engine = createEngine(settings.engine, {
    highVolume,
    longTerm,
    changeLog,
    cleanupQueue,
    clock,
    ids: createRevisionIds(clock),
    checksum,
    observer: observeEngine({ metrics, logger }),
  });
  return { engine, storage, localCleanup };
}

async function openCleanup(
  settings: Settings,
  scope: ServiceScope,
  { logger, metrics }: Tellers,
): Promise<Pick<Core, 'localCleanup'> & { readonly cleanupQueue: CleanupProducer }> {
  const dependencies = { clock, logger, metrics };
  if (settings.queue === undefined) {
    const localCleanup = createLocalCleanup(settings.cleanup, dependencies);
    return { localCleanup, cleanupQueue: localCleanup };
  }
  const cleanupQueue = await openCleanupQueue(settings.queue, scope, dependencies);
  return { localCleanup: undefined, cleanupQueue };
}

function methodsOf(
  settings: Settings,
  scope: ServiceScope,
  { engine, storage }: Core,
  { logger, metrics, tracer }: Tellers,
): readonly RpcMethod[] {
  const { engine: engineOptions, limits, shutdown } = settings;
  const admission = createAdmission(limits, { clock });
  const payloadBytes = createByteBudget({ bytesMax: limits.payloadBytesMax });
  exportCapacity({ admission, payloadBytes, metrics });
  const observer = observeOperations({ metrics, logger, tracer });
  return [
    ...objectMethods(
      { ...engineOptions, drainMs: shutdown.drainMs },
      {
        engine,
        ids: createRevisionIds(clock),
        clock,
        admission,
        payloadBytes,
        observer,
        expectedBytes: createExpectedBytes(),
        getResults: createGetResultEncoder(),
        draining: scope.signal,
      },
    ),
    ...maintenanceMethods({ engine, tiers: storage.kinds, clock, logger }),
  ];
}

async function startServer(
  { listen, tls, limits }: Settings,
  methods: readonly RpcMethod[],
  { logger, metrics, tracer }: Tellers,
): Promise<RpcServer> {
  const { connectionsMax, stallMsMax } = limits;
  const ids = createRevisionIds(clock);
  const server = await startRpcServer(
    { ...listen, tls, limits: { connectionsMax, stallMsMax } },
    methods,
    {
      clock,
      observer: createCallObserver(metrics, logger, tracer),
      requestIds: () => ids.revision(),
    },
  ).catch((cause: unknown) => {
    // A port in use, a certificate that cannot be read: one line for the person who starts us.
    throw new StartupError(cause instanceof Error ? cause.message : String(cause), { cause });
  });
  metrics.gauge('rpc_connections', 'Connections of callers', server.connections);
  return server;
}

function keepHouse(
  { cleanup, maintenance }: Settings,
  scope: ServiceScope,
  core: Core,
  { logger, metrics }: Tellers,
): void {
  const options = { ...maintenance, cleanupCheckMs: cleanup.checkMs };
  const duties = startDuties(options, { ...core, clock, logger, metrics });
  scope.onShutdown('drain', 'duties', () => duties.stop());
}
