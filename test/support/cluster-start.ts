import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { sourceFlags, type ChildExit } from './child-process.js';
import { freePorts, requireFree } from './cluster-ports.js';
import { waitUntil } from './cluster-wait.js';

/** What `npm start` runs, as a process, from its source unless another command is given. */
export interface StartedStart {
  readonly pid: number;
  /** All that it and its services have printed so far. */
  output(): string;
  readonly exit: Promise<ChildExit>;
  /** Waits until it has said that everything runs. */
  isUp(): Promise<void>;
  /** The services it runs now, and whatever they are started through. */
  children(): Promise<number[]>;
  signal(name: NodeJS.Signals): void;
  /** As a terminal does when Ctrl-C is pressed: everybody in the foreground is told. */
  pressCtrlC(): void;
}

const main = fileURLToPath(new URL('../../deploy/local/main.ts', import.meta.url));
const upMsMax = 60_000;

export function runStart(args: readonly string[], command?: readonly string[]): StartedStart {
  const [file = '', ...rest] = command ?? [process.execPath, ...sourceFlags, main];
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.startsWith('HOLDFAST_')),
  );
  // A group of its own, which is what a shell makes of a command in the foreground.
  const child = spawn(file, [...rest, ...args], {
    env,
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
    children: () => childrenOf(pid),
    signal: (name) => process.kill(pid, name),
    pressCtrlC: () => process.kill(-pid, 'SIGINT'),
  };
}

/** A port such that the others that follow from it are free, too. */
export async function freeStartPort(): Promise<number> {
  const offsets = [0, 1, 10, 11];
  const found = await waitUntil(
    'four ports that belong together are free',
    async () => {
      const [port = 0] = await freePorts(1);
      await requireFree(offsets.map((offset) => port + offset));
      return port;
    },
    (port) => port > 0,
  );
  return found;
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
