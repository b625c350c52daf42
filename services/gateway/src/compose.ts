import { startRpcServer, type RpcServer } from '@holdfast/rpc';
import {
  createCallObserver,
  createMetrics,
  createRevisionIds,
  createTracer,
  runEvery,
  startHttpEndpoint,
  StartupError,
  systemClock,
  type HttpEndpoint,
  type Logger,
  type Metrics,
  type ServiceScope,
  type Tracer,
} from '@holdfast/service-kit';
import type { Settings } from './config.js';
import { createParts } from './create-parts.js';
import { batchObjects } from './handlers/batch-objects.js';
import { deleteObject } from './handlers/delete-object.js';
import type { GatewayParts } from './handlers/gateway-parts.js';
import { getObject } from './handlers/get-object.js';
import { headObject } from './handlers/head-object.js';
import { listObjects } from './handlers/list-objects.js';
import { putObject } from './handlers/put-object.js';
import type { Backends } from './upstream/backends.js';

export interface Gateway {
  readonly server: RpcServer;
  readonly http: HttpEndpoint;
}

/** For operations whose callers have gone. */
const settleMsMax = 1_000;
/** How often it is looked whether there is a store. */
const watchMs = 250;

interface Tellers {
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly tracer: Tracer;
}

/**
 * The one place where the parts are put together. What is opened is registered to be closed: callers
 * first, then the ways to the stores, then what tells about it all.
 */
export async function startGateway(
  settings: Settings,
  scope: ServiceScope,
  { logger }: { readonly logger: Logger },
): Promise<Gateway> {
  const metrics = createMetrics({ service: 'gateway' });
  const tracer = createTracer({ ...settings.tracing, service: 'gateway' }, { logger });
  scope.onShutdown('force', 'tracing', () => tracer.close());
  const { parts, backends, close } = createParts(settings, { draining: scope.signal, metrics });
  scope.onShutdown('settle', 'stores', (time) => close(Math.min(time.msLeft(), settleMsMax)));

  const isReady = (): boolean | string => {
    if (scope.signal.aborted) return 'shutting down';
    return backends.ready() > 0 || 'no tiered store can be reached';
  };
  const http = await startHttpEndpoint(settings.http, { metrics, isReady, logger });
  scope.onShutdown('force', 'http', () => http.close());
  const server = await startServer(settings, parts, { logger, metrics, tracer });
  serveWhileReady(server, backends, scope, logger);
  scope.onShutdown('drain', 'callers', async (time) => {
    const cutOff = await server.close(time.msLeft());
    if (cutOff > 0) logger.warn({ cutOff }, 'calls were cut off');
  });
  const { addresses } = settings.tieredStore;
  logger.info({ ...server.address, http: http.address, stores: addresses }, 'listening');
  return { server, http };
}

async function startServer(
  settings: Settings,
  parts: GatewayParts,
  { logger, metrics, tracer }: Tellers,
): Promise<RpcServer> {
  const methods = [
    putObject(parts),
    getObject(parts),
    headObject(parts),
    deleteObject(parts),
    batchObjects(parts),
    listObjects(parts),
  ];
  const { connectionsMax, stallMsMax } = settings.limits;
  const options = { ...settings.listen, tls: settings.tls, limits: { connectionsMax, stallMsMax } };
  const ids = createRevisionIds(systemClock);
  const dependencies = {
    clock: systemClock,
    observer: createCallObserver(metrics, logger, tracer),
    requestIds: () => ids.revision(),
  };
  const server = await startRpcServer(options, methods, dependencies).catch((error: unknown) => {
    // A port in use, a certificate that cannot be read: one line for the person who starts us.
    throw new StartupError(error instanceof Error ? error.message : String(error), {
      cause: error,
    });
  });
  metrics.gauge('rpc_connections', 'Connections of callers', server.connections);
  return server;
}

/** Tells health checks whether calls can be served, and the log when that changes. */
function serveWhileReady(
  server: RpcServer,
  backends: Backends,
  scope: ServiceScope,
  logger: Logger,
): void {
  let before: number | undefined;
  const look = (): Promise<void> => {
    const ready = backends.ready();
    if (ready === before) return Promise.resolve();
    server.setServing(ready > 0);
    const fields = { ready, of: backends.all.length };
    if (ready > 0) logger.info(fields, 'tiered stores are ready');
    else if (before !== undefined) logger.warn(fields, 'no tiered store can be reached');
    before = ready;
    return Promise.resolve();
  };
  const watch = runEvery(
    { name: 'watch-stores', everyMs: watchMs, runMsMax: watchMs, atStart: true },
    look,
    { clock: systemClock, logger },
  );
  scope.onShutdown('not-ready', 'health', async () => {
    await watch.stop();
    server.setServing(false);
  });
}
