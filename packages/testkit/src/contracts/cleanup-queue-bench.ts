import {
  blobNameOf,
  changeIdOf,
  later,
  type CleanupConsumer,
  type CleanupJob,
  type DeadLetter,
} from '@holdfast/domain';
import assert from 'node:assert/strict';
import { createManualClock } from '../manual-clock.js';
import {
  startWorker,
  type CleanupQueueUnderTest,
  type TestWorker,
  type TestWorkerOptions,
} from './cleanup-queue-under-test.js';
import { createRowFixtures } from './row-fixtures.js';

/** One queue for each test, and whatever the test has started on it. */
export interface CleanupQueueBench {
  set(queue: CleanupQueueUnderTest): void;
  clear(): Promise<void>;
  queue(): CleanupQueueUnderTest;
  settleJob(): CleanupJob;
  reclaimJob(key?: string): CleanupJob;
  /** Offers the jobs for once `delayMs` have passed, one after the other. */
  enqueue(jobs: readonly CleanupJob[], delayMs?: number): Promise<void>;
  /** Begins to work on the queue, until the test ends. */
  worker(options?: Partial<TestWorkerOptions>, consumer?: CleanupConsumer): TestWorker;
  deadLetters(): Promise<readonly DeadLetter[]>;
}

const lettersMax = 100;

export function createCleanupQueueBench(): CleanupQueueBench {
  const make = createRowFixtures(createManualClock());
  const workers = new Set<TestWorker>();
  let current: CleanupQueueUnderTest | undefined;

  function queue(): CleanupQueueUnderTest {
    assert.ok(current);
    return current;
  }

  return {
    queue,

    set(opened) {
      current = opened;
    },

    async clear() {
      await Promise.all([...workers].map((worker) => worker.stop()));
      workers.clear();
      await current?.close();
      current = undefined;
    },

    settleJob: () => ({ kind: 'settle-change', changeId: changeIdOf(make.revision()) }),

    reclaimJob: (key) => ({
      kind: 'reclaim-blob',
      blob: blobNameOf(make.id(key), make.revision()),
    }),

    async enqueue(jobs, delayMs = 0) {
      for (const job of jobs) await queue().producer.enqueue(job, later(queue().now(), delayMs));
    },

    worker(options, consumer = queue().consumer) {
      const { now } = queue();
      const worker = startWorker(consumer, now, {
        concurrency: 10,
        answer: () => 'succeed',
        ...options,
      });
      workers.add(worker);
      return worker;
    },

    async deadLetters() {
      return (await queue().consumer.listDeadLetters(undefined, lettersMax)).letters;
    },
  };
}
