import { readFileSync } from 'node:fs';
import { readEnvironment } from '../config.js';
import { runCommandLine } from './run-command-line.js';

/** Where a terminal does not know its own width. */
const columnsDefault = 80;

/**
 * The `holdfast` command. The first interrupt lets it clean up and say so by its exit code; the
 * second one ends it at once.
 */
export async function main(): Promise<void> {
  const interrupt = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => interrupt.abort());
  }
  const { address, cleanupWorker, sweeper, env } = readEnvironment();
  process.exitCode = await runCommandLine(process.argv.slice(2), {
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    isWatched: process.stderr.isTTY,
    columns: () => (process.stderr.columns > 0 ? process.stderr.columns : columnsDefault),
    signal: interrupt.signal,
    outputColumns: process.stdout.isTTY ? process.stdout.columns : undefined,
    address,
    cleanupWorker,
    sweeper,
    env,
    version: packageVersion(),
  });
}

function packageVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { readonly version: string }).version;
}
