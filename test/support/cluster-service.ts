import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { heapFlags } from '../../deploy/local/heap-flags.js';
import type { ChildExit } from './child-process.js';
import { waitUntil } from './cluster-wait.js';
import { compiled } from './compiled.js';

export type Settings = Readonly<Record<string, string>>;

/** A service as a process of its own, which can be started again under the same addresses. */
export interface ClusterService {
  readonly name: string;
  readonly address: string;
  readonly httpUrl: string;
  /** Of the process that runs, or ran last. */
  pid(): number;
  /** Starts it, which must not run, and waits until it is ready. `changes` hold from then on. */
  start(changes?: Settings): Promise<void>;
  /** Starts it where it must fail, and waits until it has. */
  startInVain(changes?: Settings): Promise<ChildExit>;
  signal(name: NodeJS.Signals): void;
  /** Ends it as the loss of power would, and waits until it is gone. */
  kill(): Promise<void>;
  /** Asks it to end, and waits until it has. */
  terminate(): Promise<ChildExit>;
  isRunning(): boolean;
  /** All that its processes ever printed, to either stream. */
  readonly lines: readonly string[];
  metrics(): Promise<string>;
}

export interface ClusterServiceOptions {
  readonly name: 'gateway' | 'tiered-store' | 'cleanup-worker' | 'sweeper';
  readonly port: number;
  readonly httpPort: number;
  readonly settings: Settings;
}

const readyMsMax = 30_000;
const fileThreads = '16';

export function createClusterService(options: ClusterServiceOptions): ClusterService {
  const { name, port, httpPort } = options;
  const httpUrl = `http://127.0.0.1:${httpPort}`;
  const lines: string[] = [];
  let settings = { ...options.settings, ...listenSettings(port, httpPort) };
  let child: ChildProcess | undefined;
  let exit: Promise<ChildExit> = Promise.resolve({ code: null, signal: null });

  function launch(changes: Settings): ChildProcess {
    if (isRunning()) throw new Error(`${name} runs already`);
    settings = { ...settings, ...changes };
    const started = spawn(process.execPath, [...heapFlags, entryOf(name)], {
      env: environmentOf(settings),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    collectLines(started.stdout, lines);
    collectLines(started.stderr, lines);
    child = started;
    // `close` comes when the last line has been read, too.
    exit = once(started, 'close').then(() => exitOf(started));
    return started;
  }

  function isRunning(): boolean {
    return child !== undefined && child.exitCode === null && child.signalCode === null;
  }

  return {
    name,
    address: `127.0.0.1:${port}`,
    httpUrl,
    lines,
    isRunning,
    pid: () => child?.pid ?? 0,
    async start(changes = {}) {
      const started = launch(changes);
      const ready = waitUntil(`${name} is ready`, () => readiness(httpUrl), isReady, readyMsMax);
      const outcome = await Promise.race([ready, once(started, 'exit')]);
      if (outcome === 200) return;
      const { code, signal } = await exit;
      throw new Error(`${name} ended, code ${code}, signal ${signal}:\n${lines.join('\n')}`);
    },
    startInVain(changes = {}) {
      launch(changes);
      return exit;
    },
    signal(signalName) {
      child?.kill(signalName);
    },
    async kill() {
      child?.kill('SIGKILL');
      await exit;
    },
    terminate() {
      child?.kill('SIGTERM');
      return exit;
    },
    async metrics() {
      return (await fetch(`${httpUrl}/metrics`)).text();
    },
  };
}

function listenSettings(port: number, httpPort: number): Settings {
  return {
    HOLDFAST_LISTEN__HOST: '127.0.0.1',
    HOLDFAST_LISTEN__PORT: String(port),
    HOLDFAST_HTTP__HOST: '127.0.0.1',
    HOLDFAST_HTTP__PORT: String(httpPort),
  };
}

/** Nothing of the machine's own settings reaches a service under test. */
function environmentOf(settings: Settings): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('HOLDFAST_'));
  return { ...Object.fromEntries(inherited), UV_THREADPOOL_SIZE: fileThreads, ...settings };
}

function entryOf(name: string): string {
  return compiled(new URL(`../../services/${name}/src/main.ts`, import.meta.url));
}

function exitOf(child: ChildProcess): ChildExit {
  return { code: child.exitCode, signal: child.signalCode };
}

function collectLines(stream: Readable, lines: string[]): void {
  createInterface({ input: stream }).on('line', (line) => lines.push(line));
}

async function readiness(httpUrl: string): Promise<number> {
  const answer = await fetch(`${httpUrl}/readyz`);
  await answer.arrayBuffer();
  return answer.status;
}

function isReady(status: number): boolean {
  return status === 200;
}
