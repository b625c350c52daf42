import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { heapFlags } from './heap-flags.js';
import type { ServicePlan } from './service-plan.js';

export interface ServiceProcess {
  readonly name: string;
  /** How it ended. Never rejects. */
  readonly ended: Promise<ServiceEnd>;
  /** Lets it finish what it does, for so long; then it is killed. Resolves when it is gone. */
  stop(msMax: number): Promise<ServiceEnd>;
  /** Ends it where it stands. */
  kill(): void;
}

export interface ServiceEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** It took longer to stop than it was given, and was killed for that. */
  readonly isLate?: true;
  /** It could not be started at all. */
  readonly error?: Error;
}

const endWithParent = import.meta.url.endsWith('.ts') ? 'end-with-parent.ts' : 'end-with-parent.js';

export function startService({ name, entry, args = [], environment }: ServicePlan): ServiceProcess {
  const preload = fileURLToPath(new URL(endWithParent, import.meta.url));
  const flags = [...process.execArgv, ...heapFlags, `--import=${preload}`];
  const child = spawn(process.execPath, [...flags, entry, ...args], {
    env: environment,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    detached: true,
  });
  const ended = once(child, 'exit').then(
    (): ServiceEnd => ({ code: child.exitCode, signal: child.signalCode }),
    (error: unknown): ServiceEnd => ({
      code: null,
      signal: null,
      error: error instanceof Error ? error : new Error(String(error)),
    }),
  );
  const kill = (): void => {
    if (child.exitCode === null && child.signalCode === null) killGroup(child);
  };
  // What it has started itself has nobody any more who would end it.
  child.once('exit', () => killGroup(child));
  return {
    name,
    ended,
    kill,
    async stop(msMax) {
      child.kill('SIGTERM');
      return endInTime(ended, msMax, kill);
    },
  };
}

/** Has it killed when it does not end by itself in time. */
export async function endInTime(
  ended: Promise<ServiceEnd>,
  msMax: number,
  kill: () => void,
): Promise<ServiceEnd> {
  const patience = new AbortController();
  const late = pause(msMax, true, { signal: patience.signal }).catch(() => false);
  const isLate = await Promise.race([ended.then(() => false), late]);
  if (isLate) kill();
  const end = await ended;
  patience.abort();
  return isLate ? { ...end, isLate } : end;
}

/** It leads a group of its own, in which are those that it has started. */
function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Nobody is left of it.
  }
}

/** What became of a service, for the person who started it. */
export function describeEnd({ code, signal, isLate, error }: ServiceEnd): string {
  if (isLate === true) return 'did not end in time and was killed';
  if (error !== undefined) return `could not be started: ${error.message}`;
  if (signal !== null) return `was ended by ${signal}`;
  return `ended with exit code ${code}`;
}
