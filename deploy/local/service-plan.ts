import { fileURLToPath } from 'node:url';
import type { DataFolder } from './data-folder.js';
import { host, type Ports } from './ports.js';
import { planRedis, queueSettings, type RedisPlan } from './redis/plan-redis.js';
import { readyAt, type IsReady } from './wait-ready.js';

/** One process to start. */
export interface ServicePlan {
  readonly name: string;
  /** A module that Node runs, with these arguments. */
  readonly entry: string;
  readonly args?: readonly string[];
  readonly environment: NodeJS.ProcessEnv;
  readonly isReady: IsReady;
}

export interface PlanOptions {
  readonly ports: Ports;
  readonly folder: DataFolder;
  readonly redis: RedisPlan;
  readonly drainSeconds: number;
  readonly environment: NodeJS.ProcessEnv;
}

/** Reads and writes of files take these; four, the default, are soon all waiting for the disk. */
const fileThreads = 16;

/** Of the caller's own settings only those that make sense to all services are passed on. */
const sharedSettings = /^HOLDFAST_(?:LOG|TRACING)__/;

/** In the order in which they start. They end in the opposite one. */
export function planServices(options: PlanOptions): readonly ServicePlan[] {
  const { ports, redis, environment } = options;
  const queue = queueSettings(redis, environment);
  return [
    ...planRedis(redis, withoutSettings(environment)),
    planService(options, 'tiered-store', ports.tieredStore, ports.tieredStoreHttp, {
      ...storageSettings(options.folder),
      ...queue,
    }),
    planService(options, 'cleanup-worker', ports.cleanupWorker, ports.cleanupWorkerHttp, {
      ...storeAddress(ports),
      ...queue,
      ...developmentSettings,
    }),
    planService(options, 'sweeper', ports.sweeper, ports.sweeperHttp, {
      ...storeAddress(ports),
      ...queue,
    }),
    planService(options, 'gateway', ports.gateway, ports.gatewayHttp, storeAddress(ports)),
  ];
}

function planService(
  options: PlanOptions,
  name: string,
  port: number,
  httpPort: number,
  settings: NodeJS.ProcessEnv,
): ServicePlan {
  return {
    name,
    entry: entryOf(name),
    environment: {
      ...sharedEnvironment(options),
      HOLDFAST_LISTEN__HOST: host,
      HOLDFAST_LISTEN__PORT: String(port),
      HOLDFAST_HTTP__HOST: host,
      HOLDFAST_HTTP__PORT: String(httpPort),
      ...settings,
    },
    isReady: readyAt(`http://${host}:${httpPort}/readyz`),
  };
}

function storageSettings(folder: DataFolder): NodeJS.ProcessEnv {
  return {
    HOLDFAST_STORAGE__HIGH_VOLUME__KIND: 'lmdb',
    HOLDFAST_STORAGE__HIGH_VOLUME__DIRECTORY: folder.rows,
    HOLDFAST_STORAGE__LONG_TERM__KIND: 'filesystem',
    HOLDFAST_STORAGE__LONG_TERM__DIRECTORY: folder.blobs,
  };
}

function storeAddress(ports: Ports): NodeJS.ProcessEnv {
  return { HOLDFAST_TIERED_STORE__ADDRESSES: `${host}:${ports.tieredStore}` };
}

const developmentSettings: NodeJS.ProcessEnv = {
  // Only who is on this machine gets there, and is welcome to try everything.
  HOLDFAST_DASHBOARD__WRITABLE: 'true',
  // They spare object storage, which is not here.
  HOLDFAST_CLEANING__SETTLES_PER_SECOND_MAX: '0',
  HOLDFAST_CLEANING__RECLAIMS_PER_SECOND_MAX: '0',
};

function sharedEnvironment({ drainSeconds, environment }: PlanOptions): NodeJS.ProcessEnv {
  const shared = Object.entries(environment).filter(([name]) => sharedSettings.test(name));
  return {
    ...withoutSettings(environment),
    UV_THREADPOOL_SIZE: environment['UV_THREADPOOL_SIZE'] ?? String(fileThreads),
    HOLDFAST_LOG__LEVEL: 'warn',
    HOLDFAST_LOG__FORMAT: 'pretty',
    ...Object.fromEntries(shared),
    HOLDFAST_SHUTDOWN__DRAIN_MS: String(drainSeconds * 1_000),
  };
}

function withoutSettings(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const others = Object.entries(environment).filter(([name]) => !name.startsWith('HOLDFAST_'));
  return Object.fromEntries(others);
}

/** Compiled where this is compiled, and from its source where this is run from its source. */
function entryOf(name: string): string {
  const entry = import.meta.url.endsWith('.ts')
    ? `../../services/${name}/src/main.ts`
    : `../../../services/${name}/dist/main.js`;
  return fileURLToPath(new URL(entry, import.meta.url));
}
