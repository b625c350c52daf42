/** A service that lets garbage gather among what is old, and ends once it is gone. */
import { createLogger, runService } from '@holdfast/service-kit';
import { setTimeout as pause } from 'node:timers/promises';
import { getHeapSpaceStatistics } from 'node:v8';

const garbageBytes = 30 * 1_024 * 1_024;
const pollMs = 20;
const keepAliveMs = 60_000;

function oldBytes(): number {
  const old = getHeapSpaceStatistics().find(({ space_name: name }) => name === 'old_space');
  return old?.space_used_size ?? 0;
}

/** Nothing holds it any more when this is over. */
function fillWithGarbage(): void {
  const held: object[][] = [];
  const before = oldBytes();
  while (oldBytes() - before < garbageBytes) {
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
  logger: createLogger({ level: 'error', service: 'child', format: 'json' }),
  drainMsMax: 1_000,
  start() {
    setInterval(() => undefined, keepAliveMs);
    const before = oldBytes();
    fillWithGarbage();
    say('full');
    void awaitCollection(before + garbageBytes / 2);
    return Promise.resolve();
  },
});
