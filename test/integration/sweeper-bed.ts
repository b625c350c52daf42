import { createLogger } from '@holdfast/service-kit';
import { startSweeper } from '../../services/sweeper/src/compose.js';
import { readSettings } from '../../services/sweeper/src/config.js';
import type { Settings } from '../support/cluster-service.js';
import { waitUntil } from '../support/cluster-wait.js';
import { newPrefix } from '../support/redis-queue.js';
import type { RedisServer } from '../support/redis.js';
import { openSweepClient, type SweepClient } from '../support/sweep-client.js';
import { quietSweeper } from '../support/sweep-settings.js';
import type { LogLine } from '../unit/tiered-store/quiet.js';
import { createScope, type RunningStore } from './tiered-store-process.js';

/** A sweeper within this process, on a real Redis. */
export interface RunningSweeper {
  readonly address: string;
  readonly sweeps: SweepClient;
  readonly lines: readonly LogLine[];
  readonly prefix: string;
  readiness(): Promise<string>;
  metrics(): Promise<string>;
  /** Ends it as its process does when it is told to. */
  shutDown(): Promise<void>;
}

type StartReady = (env?: Settings, at?: Pick<RunningStore, 'address'>) => Promise<RunningSweeper>;

/** Starts sweepers for the tests of a suite, each until its test is over, and waits until they are ready. */
export function useSweepers(
  on: () => { readonly redis: RedisServer; readonly store: Pick<RunningStore, 'address'> },
): StartReady {
  const running: RunningSweeper[] = [];
  afterEach(async () => {
    await Promise.all(running.splice(0).map((sweeper) => sweeper.shutDown()));
  });
  return async (env = {}, at = on().store) => {
    const sweeper = await startSweeperOn(on().redis, at, env);
    running.push(sweeper);
    await waitUntil('it is ready', sweeper.readiness, (text) => text === 'ready');
    return sweeper;
  };
}

/** One that runs nothing by itself, unless the settings say so. */
export async function startSweeperOn(
  redis: RedisServer,
  store: Pick<RunningStore, 'address'>,
  env: Settings = {},
): Promise<RunningSweeper> {
  const prefix = newPrefix();
  const lines: LogLine[] = [];
  const scope = createScope();
  const settings = readSettings([], {
    HOLDFAST_LISTEN__PORT: '0',
    HOLDFAST_HTTP__PORT: '0',
    HOLDFAST_QUEUE__URL: redis.url,
    HOLDFAST_QUEUE__PREFIX: prefix,
    HOLDFAST_TIERED_STORE__ADDRESSES: store.address,
    ...quietSweeper,
    ...env,
  });
  const write = (line: string): void => void lines.push(JSON.parse(line) as LogLine);
  const options = { level: 'info', service: 'sweeper', format: 'json' } as const;
  const logger = createLogger(options, { write });
  const { server, http } = await startSweeper(settings, scope, { logger });
  const httpUrl = `http://127.0.0.1:${http.address.port}`;
  const address = `127.0.0.1:${server.address.port}`;
  const sweeps = openSweepClient(address);
  const textOf = async (path: string): Promise<string> => {
    return (await (await fetch(httpUrl + path)).text()).trim();
  };
  return {
    address,
    sweeps,
    lines,
    prefix: settings.queue.prefix,
    readiness: () => textOf('/readyz'),
    metrics: () => textOf('/metrics'),
    async shutDown() {
      await scope.shutDown();
      sweeps.close();
    },
  };
}
