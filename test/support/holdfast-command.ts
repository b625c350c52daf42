import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import { once } from 'node:events';
import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { runCommandLine } from '../../packages/client/src/cli/run-command-line.js';
import { compiled } from './compiled.js';

export interface CommandEnd {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const script = new URL('../../packages/client/bin/holdfast.js', import.meta.url);

/** The words of a command line that runs `holdfast` as a process of its own. */
export function holdfastCommand(args: readonly string[]): readonly string[] {
  return [process.execPath, compiled(script), ...args];
}

/** Starts `holdfast` as a process of its own. */
export function spawnHoldfast(
  args: readonly string[],
  address: string,
  stdio: StdioOptions = ['pipe', 'pipe', 'pipe'],
): ChildProcess {
  const [command = '', ...rest] = holdfastCommand(args);
  const env = {
    ...process.env,
    HOLDFAST_ADDRESS: address,
    HOLDFAST_CLEANUP_WORKER: address,
    HOLDFAST_SWEEPER: address,
  };
  return spawn(command, rest, { stdio, env });
}

/** What a child printed, and how it ended. */
export async function endOf(child: ChildProcess): Promise<CommandEnd> {
  const [stdout, stderr] = await Promise.all([
    child.stdout === null ? '' : text(child.stdout),
    child.stderr === null ? '' : text(child.stderr),
    once(child, 'close'),
  ]);
  return { code: child.exitCode, stdout, stderr };
}

export interface InProcess {
  readonly stdin?: Readable;
  readonly isWatched?: boolean;
  /** Standard output is a terminal, and so wide. */
  readonly outputColumns?: number;
  readonly signal?: AbortSignal;
  readonly env?: NodeJS.ProcessEnv;
}

/** Runs a command line within this process. */
export async function runHoldfast(
  args: readonly string[],
  address: string,
  given: InProcess = {},
): Promise<CommandEnd> {
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const texts = Promise.all([text(stdout), text(stderr)]);
  const code = await runCommandLine(args, {
    stdin: given.stdin ?? Readable.from([]),
    stdout,
    stderr,
    isWatched: given.isWatched ?? false,
    columns: () => 100,
    signal: given.signal ?? new AbortController().signal,
    address,
    cleanupWorker: address,
    sweeper: address,
    env: given.env ?? {},
    outputColumns: given.outputColumns,
    version: '1.2.3',
  });
  stdout.end();
  stderr.end();
  const [printed, complained] = await texts;
  return { code, stdout: printed, stderr: complained };
}
