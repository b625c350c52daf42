/**
 * A service that lets garbage gather among what is old, and ends once it is gone; one that is told to
 * `end` does so at once.
 */
import { createLogger, runService } from '@holdfast/service-kit';
import { setTimeout as pause } from 'node:timers/promises';
import { oldBytes } from '../../../packages/service-kit/src/lifecycle/heap-watch.js';

const garbageBytesMin = 30 * 1_024 * 1_024;
const pollMs = 20;
const keepAliveMs = 60_000;

/** Nothing holds it any more when this is over. */
function fillWithGarbage(bytes: number): void {
  const held: object[][] = [];
  const before = oldBytes();
  while (oldBytes() - before < bytes) {
    held.push(Array.from({ length: 10_000 }, (_, index) => ({ index })));
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function awaitCollection(bytesMax: number): Promise<void> {
  while (oldBytes() > bytesMax) await pause(pollMs);
  say('empty');
  process.kill(process.pid, 'SIGTERM');
}

await runService({
  name: 'child',
  logger: createLogger(
    { level: 'warn', service: 'child', format: 'json' },
    { write: (line) => process.stdout.write(line) },
  ),
  drainMsMax: 1_000,
  start() {
    setInterval(() => undefined, keepAliveMs);
    if (process.argv.includes('end')) {
      setImmediate(() => process.kill(process.pid, 'SIGTERM'));
      return Promise.resolve();
    }
    const before = oldBytes();
    const garbageBytes = Math.max(garbageBytesMin, before);
    fillWithGarbage(garbageBytes);
    say('full');
    void awaitCollection(before + garbageBytes / 2);
    return Promise.resolve();
  },
});
