import { Queue } from 'bullmq';
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';

/** A queue as the cleanup bench sees it: it holds jobs back, lets them go, and waits for their end. */
export interface BenchQueue {
  /** Adds plain jobs that carry an id and nothing else. */
  fill(count: number): Promise<void>;
  /** Workers of all processes take no jobs until `drain`. */
  hold(): Promise<void>;
  untilPending(count: number): Promise<void>;
  /** Lets the jobs go and waits for the end of the last one. Fails when one of them has failed. */
  drain(): Promise<void>;
  close(): Promise<void>;
}

export interface BenchQueueOptions {
  readonly port: number;
  readonly prefix: string;
  readonly name: string;
}

/** Often enough for the rate, and little against what the jobs themselves ask of Redis. */
const pollMs = 10;
const waitMsMax = 120_000;
const bulkMax = 1_000;

export function openBenchQueue({ port, prefix, name }: BenchQueueOptions): BenchQueue {
  const queue = new Queue(name, { connection: { host: '127.0.0.1', port }, prefix });

  async function pending(): Promise<number> {
    const counts = await queue.getJobCounts('waiting', 'delayed', 'prioritized', 'active');
    return Object.values(counts).reduce((sum, count) => sum + count, 0);
  }

  async function untilPending(wanted: number): Promise<void> {
    let found = await pending();
    for (let waitedMs = 0; found !== wanted; waitedMs += pollMs) {
      assert(waitedMs < waitMsMax, `${name}: ${found} jobs are pending, and not ${wanted}`);
      await pause(pollMs);
      found = await pending();
    }
  }

  return {
    async fill(count) {
      for (let added = 0; added < count; added += bulkMax) {
        const length = Math.min(bulkMax, count - added);
        await queue.addBulk(Array.from({ length }, plainJob));
      }
    },
    hold: () => queue.pause(),
    untilPending,
    async drain() {
      await queue.resume();
      await untilPending(0);
      assert.equal(await queue.getFailedCount(), 0, `${name}: no job fails`);
    },
    close: () => queue.close(),
  };
}

/** Of the same size as the jobs of a change. */
function plainJob(): Parameters<Queue['addBulk']>[0][number] {
  const changeId = randomUUID();
  return { name: 'settle-change', data: { v: 1, changeId }, opts: { jobId: `change-${changeId}` } };
}
