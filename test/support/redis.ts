import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from './cluster-ports.js';
import {
  adminUser,
  redisArguments,
  type RedisPorts,
  type RedisServerOptions,
} from './redis-arguments.js';
import { createRedisProcess, type RedisProcess } from './redis-process.js';

export { requireRedis } from './redis-binary.js';
export type { RedisServerOptions } from './redis-arguments.js';

/**
 * A real Redis as a child process, on a free port of loopback, with a folder of its own. It writes
 * everything to its append-only file, as one in production should, unless the options say otherwise.
 */
export interface RedisServer {
  readonly port: number;
  /** Where the nodes of a cluster talk to each other. */
  readonly busPort: number;
  /** `redis://` or `rediss://`, of the user who may do everything. */
  readonly url: string;
  /** The same for another user of `RedisServerOptions.users`. */
  urlOf(user: string, password: string): string;
  readonly folder: string;
  pid(): number;
  isRunning(): boolean;
  /** Starts it again where it must not run, on the same port and data. */
  start(): Promise<void>;
  /** Ends it as the loss of power would, and waits until it is gone. */
  kill(): Promise<void>;
  /** Holds the process still: connections stay open, nothing is answered. */
  pause(): void;
  resume(): void;
  /** As the user who may do everything: `send('CONFIG', 'GET', 'maxmemory')`. */
  send(...command: readonly string[]): Promise<unknown>;
  /** Removes all that it holds. */
  flush(): Promise<void>;
  /** Kills it, if it runs, and removes its folder. */
  remove(): Promise<void>;
}

/** Somebody else may take a port that was free before Redis does. */
const portsMax = 3;

export async function startRedis(options: RedisServerOptions = {}): Promise<RedisServer> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-redis-'));
  for (let attempt = 1; ; attempt += 1) {
    const [freePort = 0, busPort = 0] = await freePorts(2);
    const port = options.port ?? freePort;
    const child = createRedisProcess(await redisArguments(folder, { port, busPort }, options), {
      port,
      tls: options.tls,
      user: options.users === undefined ? undefined : adminUser,
    });
    try {
      await child.start();
      return createRedisServer(folder, { port, busPort }, options, child);
    } catch (error) {
      await child.kill();
      if (attempt < portsMax) continue;
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }
}

function createRedisServer(
  folder: string,
  { port, busPort }: RedisPorts,
  { tls, users }: RedisServerOptions,
  child: RedisProcess,
): RedisServer {
  const scheme = tls === undefined ? 'redis' : 'rediss';
  const at = `127.0.0.1:${port}`;
  const urlOf = (user: string, password: string): string =>
    `${scheme}://${encodeURIComponent(user)}:${encodeURIComponent(password)}@${at}`;

  return {
    port,
    busPort,
    folder,
    url: users === undefined ? `${scheme}://${at}` : urlOf(adminUser.name, adminUser.password),
    urlOf,
    pid: child.pid,
    isRunning: child.isRunning,
    start: child.start,
    kill: child.kill,
    pause: () => child.signal('SIGSTOP'),
    resume: () => child.signal('SIGCONT'),
    send: child.send,
    async flush() {
      await child.send('FLUSHALL');
    },
    async remove() {
      await child.kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
