import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { startFailureExitCode } from '../start-failure.js';
import { endInTime, type ServiceEnd } from '../service-process.js';
import type { RedisAccess } from './redis-access.js';
import { serverSettings } from './server-settings.js';

export interface ServerOptions {
  readonly program: string;
  readonly access: RedisAccess;
}

/** A Redis from its start to its end. */
export interface ServerRun {
  /** How it ended. Never rejects. */
  readonly ended: Promise<ServiceEnd>;
  /** Lets it save its data, in a bounded time; then it is killed. */
  stop(): Promise<ServiceEnd>;
  /** What it said last. */
  lastWords(): string;
}

const saveMsMax = 5_000;
/** As in `4967:M 21 Nov 2026 12:08:07.287 # Server initialized`. */
const linePrefix = /^\d+:(?:[A-Z] .*? [.*#-] |signal-handler \(\d+\) )/;

/** `heard` is told every line of it. */
export function runServer(options: ServerOptions, heard: (line: string) => void): ServerRun {
  const { program, access } = options;
  let lastLine = 'it said nothing';
  // In the group of its keeper: whoever kills that kills both.
  const child = spawn(program, ['-'], { cwd: access.folder, stdio: 'pipe' });
  for (const stream of [child.stdout, child.stderr]) {
    readLines(stream, (text) => {
      lastLine = text.replace(linePrefix, '').replaceAll(access.password, '[secret]');
      heard(lastLine);
    });
  }
  // One that ends before it has read them says itself why.
  child.stdin.on('error', () => undefined).end(serverSettings(access));

  // `close` comes when its last line has been read, too.
  const ended = once(child, 'close').then(
    (): ServiceEnd => ({ code: child.exitCode, signal: child.signalCode }),
    (cause: unknown): ServiceEnd => {
      const error = cause instanceof Error ? cause : new Error(String(cause));
      lastLine = error.message;
      return { code: startFailureExitCode, signal: null, error };
    },
  );
  return {
    ended,
    lastWords: () => lastLine,
    async stop() {
      child.kill('SIGTERM');
      return endInTime(ended, saveMsMax, () => void child.kill('SIGKILL'));
    },
  };
}

function readLines(stream: Readable, heard: (line: string) => void): void {
  createInterface({ input: stream }).on('line', (line) => {
    if (line.trim() !== '') heard(line);
  });
}
