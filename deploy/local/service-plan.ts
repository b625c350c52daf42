import { fileURLToPath } from 'node:url';
import type { DataFolder } from './data-folder.js';
import { host, type Ports } from './ports.js';

/** One process to start. */
export interface ServicePlan {
  readonly name: string;
  readonly entry: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly readyUrl: string;
}

export interface PlanOptions {
  readonly ports: Ports;
  readonly folder: DataFolder;
  readonly drainSeconds: number;
  readonly environment: NodeJS.ProcessEnv;
}

/** Reads and writes of files take these; four, the default, are soon all waiting for the disk. */
const fileThreads = 16;

/** Of the caller's own settings only those that make sense to both services are passed on. */
const sharedSettings = /^HOLDFAST_(?:LOG|TRACING)__/;

/** In the order in which they start. They end in the opposite one. */
export function planServices(options: PlanOptions): readonly ServicePlan[] {
  const { ports } = options;
  return [
    {
      name: 'tiered-store',
      entry: entryOf('tiered-store'),
      environment: { ...sharedEnvironment(options), ...tieredStoreSettings(options) },
      readyUrl: `http://${host}:${ports.tieredStoreHttp}/readyz`,
    },
    {
      name: 'gateway',
      entry: entryOf('gateway'),
      environment: { ...sharedEnvironment(options), ...gatewaySettings(options) },
      readyUrl: `http://${host}:${ports.gatewayHttp}/readyz`,
    },
  ];
}

function tieredStoreSettings({ ports, folder }: PlanOptions): NodeJS.ProcessEnv {
  return {
    ...listenSettings(ports.tieredStore, ports.tieredStoreHttp),
    HOLDFAST_STORAGE__HIGH_VOLUME__KIND: 'lmdb',
    HOLDFAST_STORAGE__HIGH_VOLUME__DIRECTORY: folder.rows,
    HOLDFAST_STORAGE__LONG_TERM__KIND: 'filesystem',
    HOLDFAST_STORAGE__LONG_TERM__DIRECTORY: folder.blobs,
  };
}

function gatewaySettings({ ports }: PlanOptions): NodeJS.ProcessEnv {
  return {
    ...listenSettings(ports.gateway, ports.gatewayHttp),
    HOLDFAST_TIERED_STORE__ADDRESSES: `${host}:${ports.tieredStore}`,
  };
}

function listenSettings(port: number, httpPort: number): NodeJS.ProcessEnv {
  return {
    HOLDFAST_LISTEN__HOST: host,
    HOLDFAST_LISTEN__PORT: String(port),
    HOLDFAST_HTTP__HOST: host,
    HOLDFAST_HTTP__PORT: String(httpPort),
  };
}

function sharedEnvironment({ drainSeconds, environment }: PlanOptions): NodeJS.ProcessEnv {
  const passedOn = Object.entries(environment).filter(
    ([name]) => !name.startsWith('HOLDFAST_') || sharedSettings.test(name),
  );
  return {
    UV_THREADPOOL_SIZE: String(fileThreads),
    HOLDFAST_LOG__LEVEL: 'warn',
    HOLDFAST_LOG__FORMAT: 'pretty',
    ...Object.fromEntries(passedOn),
    HOLDFAST_SHUTDOWN__DRAIN_MS: String(drainSeconds * 1_000),
  };
}

/** Compiled where this is compiled, and from its source where this is run from its source. */
function entryOf(name: string): string {
  const entry = import.meta.url.endsWith('.ts')
    ? `../../services/${name}/src/main.ts`
    : `../../../services/${name}/dist/main.js`;
  return fileURLToPath(new URL(entry, import.meta.url));
}
