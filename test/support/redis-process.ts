import { Redis, type RedisOptions } from 'ioredis';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { ConnectionOptions } from 'node:tls';
import { waitUntil } from './cluster-wait.js';
import { endingWithUs } from './ending-with-us.js';
import type { RedisServerTls } from './redis-arguments.js';
import { findRedisServer } from './redis-binary.js';

export interface RedisProcess {
  pid(): number;
  isRunning(): boolean;
  start(): Promise<void>;
  kill(): Promise<void>;
  signal(name: NodeJS.Signals): void;
  send(...command: readonly string[]): Promise<unknown>;
}

export interface RedisAccess {
  readonly port: number;
  readonly tls?: RedisServerTls | undefined;
  readonly user?: { readonly name: string; readonly password: string } | undefined;
}

const startMsMax = 15_000;

/** `args` are those of its command line. It is not started yet. */
export function createRedisProcess(args: readonly string[], access: RedisAccess): RedisProcess {
  let child: ChildProcess | undefined;
  let output = '';

  function isRunning(): boolean {
    return child !== undefined && child.exitCode === null && child.signalCode === null;
  }

  async function send(...[name = '', ...rest]: readonly string[]): Promise<unknown> {
    const client = new Redis(clientOptions(access));
    // Every command that fails says so itself.
    client.on('error', () => undefined);
    try {
      return await client.call(name, ...rest);
    } finally {
      client.disconnect();
    }
  }

  return {
    isRunning,
    send,
    pid: () => child?.pid ?? 0,
    signal: (name) => void child?.kill(name),

    async start() {
      if (isRunning()) throw new Error('this Redis runs already');
      const program = findRedisServer();
      if (program === undefined) throw new Error('there is no redis-server on this machine');
      const started = spawn(...endingWithUs(program, args), { stdio: ['ignore', 'pipe', 'pipe'] });
      child = started;
      for (const stream of [started.stdout, started.stderr]) {
        stream.on('data', (data: Buffer) => {
          output += data.toString();
        });
      }
      const answers = waitUntil(
        'Redis answers',
        () => (isRunning() ? send('PING') : 'it has ended'),
        () => true,
        startMsMax,
      );
      if ((await answers) === 'PONG') return;
      throw new Error(`Redis did not start:\n${output}${lastLines(args)}`);
    },

    async kill() {
      if (child === undefined || !isRunning()) return;
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    },
  };
}

function clientOptions({ port, tls, user }: RedisAccess): Omit<RedisOptions, 'replyMapping'> {
  return {
    host: '127.0.0.1',
    port,
    retryStrategy: () => null,
    ...(user === undefined ? {} : { username: user.name, password: user.password }),
    ...(tls === undefined ? {} : { tls: tlsOptions(tls) }),
  };
}

function tlsOptions({ caFile, client }: RedisServerTls): ConnectionOptions {
  return {
    ca: readFileSync(caFile),
    cert: readFileSync(client.certificateFile),
    key: readFileSync(client.privateKeyFile),
  };
}

const logCharactersMax = 2_000;

function lastLines(args: readonly string[]): string {
  const file = args[args.indexOf('--logfile') + 1] ?? '';
  try {
    return readFileSync(file, 'utf8').slice(-logCharactersMax);
  } catch {
    // It ended before it had opened its log: what it printed says why.
    return '';
  }
}
