import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { portsFrom } from '../../deploy/local/ports.js';
import type { ChildExit } from './child-process.js';
import { freePorts, requireFree } from './cluster-ports.js';
import { waitUntil } from './cluster-wait.js';
import { compiled } from './compiled.js';

/** What `npm start` runs, as a process, unless another command is given. */
export interface StartedStart {
  readonly pid: number;
  /** All that it and its services have printed so far. */
  output(): string;
  readonly exit: Promise<ChildExit>;
  /** Waits until it has said that everything runs. */
  isUp(): Promise<void>;
  /** What runs below it now, by name. */
  processes(): Promise<StartedProcesses>;
  signal(name: NodeJS.Signals): void;
  /** As a terminal does when Ctrl-C is pressed: everybody in the foreground is told. */
  pressCtrlC(): void;
}

/** What a start runs that has been given no Redis. */
export const everything = [
  'redis keeper',
  'redis',
  'tiered-store',
  'cleanup-worker',
  'sweeper',
  'gateway',
] as const;

export type StartedName = (typeof everything)[number];

export type StartedProcesses = ReadonlyMap<StartedName, number>;

const main = new URL('../../deploy/local/main.ts', import.meta.url);
const upMsMax = 60_000;

export interface StartOptions {
  /** What runs it, such as npm. */
  readonly command?: readonly string[];
  /** Settings in its environment. */
  readonly environment?: Readonly<Record<string, string>>;
}

export function runStart(args: readonly string[], options: StartOptions = {}): StartedStart {
  const [file = '', ...rest] = options.command ?? [process.execPath, compiled(main)];
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.startsWith('HOLDFAST_')),
  );
  // A group of its own, which is what a shell makes of a command in the foreground.
  const child = spawn(file, [...rest, ...args], {
    env: { ...env, ...options.environment },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const { pid } = child;
  if (pid === undefined) throw new Error('it could not be started');
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const exit = once(child, 'close').then(() => ({
    code: child.exitCode,
    signal: child.signalCode,
  }));
  return {
    pid,
    output: () => output,
    exit,
    async isUp() {
      const up = waitUntil(
        'it runs',
        () => output,
        (text) => text.includes('Ctrl-C stops it'),
        upMsMax,
      );
      const ended = await Promise.race([up, exit]);
      if (typeof ended !== 'string')
        throw new Error(`it ended: ${JSON.stringify(ended)}\n${output}`);
    },
    processes: () => processesBelow(pid),
    signal: (name) => process.kill(pid, name),
    pressCtrlC: () => process.kill(-pid, 'SIGINT'),
  };
}

/** A port such that the others that follow from it are free, too. */
export async function freeStartPort(): Promise<number> {
  const found = await waitUntil(
    'ports that belong together are free',
    async () => {
      const [port = 0] = await freePorts(1);
      await requireFree(Object.values<number>({ ...portsFrom(port) }));
      return port;
    },
    (port) => port > 0,
  );
  return found;
}

async function processesBelow(pid: number): Promise<Map<StartedName, number>> {
  const found = new Map<StartedName, number>();
  for (const child of await childrenOf(pid)) {
    const name = nameOf(await readFile(`/proc/${child}/cmdline`, 'utf8'));
    if (name !== undefined) found.set(name, child);
    for (const [below, itsPid] of await processesBelow(child)) found.set(below, itsPid);
  }
  return found;
}

function nameOf(command: string): StartedName | undefined {
  if (/^(?:\S*\/)?redis-server /.test(command)) return 'redis';
  if (/\/redis\/keeper\.[jt]s/.test(command)) return 'redis keeper';
  return everything.find((name) => command.includes(`/services/${name}/`));
}

/** What its first thread has started and what runs still. */
export async function childrenOf(pid: number): Promise<number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return text.split(' ').filter(Boolean).map(Number);
}

export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

export function pidOf(name: StartedName, processes: StartedProcesses): number {
  const pid = processes.get(name);
  if (pid === undefined) throw new Error(`${name} does not run`);
  return pid;
}

export function aliveOf(processes: StartedProcesses): string[] {
  return [...processes].filter(([, pid]) => isAlive(pid)).map(([name]) => name);
}

export async function areGone(processes: StartedProcesses): Promise<void> {
  await waitUntil(
    'no process is left',
    () => aliveOf(processes),
    (alive) => alive.length === 0,
  );
}
