import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

/** As in the services' own defaults, so that the baseline has what they have. */
export const streamWindowBytes = 1024 * 1024;
const connectionWindowBytes = 64 * 1024 * 1024;

const readyMsMax = 20_000;
const pollMs = 50;

export interface BenchProcess {
  readonly pid: number;
  readonly port: number;
  stop(): Promise<void>;
}

/** The baseline: `origin DIRECTORY`, or `proxy PORT` in front of one. */
export async function startRaw(
  role: 'origin' | 'proxy',
  argument: string | number,
): Promise<BenchProcess> {
  return startScript('raw-process.js', [streamWindowBytes, connectionWindowBytes, role, argument]);
}

/** A script beside this one, which prints its port, or 0, when it is ready. */
export async function startScript(
  file: string,
  args: readonly (string | number)[],
  nodeFlags: readonly string[] = [],
): Promise<BenchProcess> {
  const script = fileURLToPath(new URL(file, import.meta.url));
  const child = spawn(process.execPath, [...nodeFlags, script, ...args.map(String)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  return processOf(child, Number(line));
}

/** As the services run in production, by `deploy/local/heap-flags.ts`. */
export const serviceFlags = ['--no-incremental-marking', '--max-semi-space-size=8', '--expose-gc'];

/** A service, compiled. */
export async function startService(
  name: string,
  settings: Readonly<Record<string, string>>,
): Promise<BenchProcess> {
  const script = fileURLToPath(new URL(`../../../services/${name}/dist/main.js`, import.meta.url));
  const [port, httpPort] = [await freePort(), await freePort()];
  const env = {
    PATH: process.env['PATH'],
    UV_THREADPOOL_SIZE: '16',
    HOLDFAST_LISTEN__PORT: String(port),
    HOLDFAST_HTTP__PORT: String(httpPort),
    HOLDFAST_LOG__LEVEL: 'warn',
    ...settings,
  };
  const child = spawn(process.execPath, [...serviceFlags, script], {
    env,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  await untilReady(child, `http://127.0.0.1:${httpPort}/readyz`);
  return processOf(child, port);
}

async function untilReady(child: ChildProcess, url: string): Promise<void> {
  for (let waitedMs = 0; waitedMs < readyMsMax; waitedMs += pollMs) {
    if (child.exitCode !== null) break;
    const answer = await fetch(url).catch(() => undefined);
    if (answer?.ok === true) return;
    await pause(pollMs);
  }
  child.kill('SIGKILL');
  throw new Error(`${url} does not become ready`);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port was given');
  return address.port;
}

function processOf(child: ChildProcess, port: number): BenchProcess {
  const { pid } = child;
  if (pid === undefined) throw new Error('the process did not start');
  return {
    pid,
    port,
    async stop() {
      const exit = once(child, 'exit');
      child.kill('SIGTERM');
      if (child.exitCode === null && child.signalCode === null) await exit;
    },
  };
}
