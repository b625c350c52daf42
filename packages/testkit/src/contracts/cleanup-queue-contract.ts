import { describeCleanupJobs } from './cleanup-queue-jobs.js';
import { describeCleanupWork } from './cleanup-queue-work.js';
import { describeDeadLetters } from './cleanup-queue-dead-letters.js';
import { describeCleanupProducer } from './cleanup-queue-producer.js';
import { createCleanupQueueBench } from './cleanup-queue-bench.js';
import type { OpenCleanupQueue } from './cleanup-queue-under-test.js';

/**
 * Registers the tests that every implementation of the ports `CleanupProducer`,
 * `CleanupConsumer` and `CleanupJobs` passes.
 */
export function describeCleanupQueue(name: string, open: OpenCleanupQueue): void {
  describe(`${name} as a cleanup queue`, () => {
    const bench = createCleanupQueueBench();

    beforeEach(async () => bench.set(await open()));
    afterEach(() => bench.clear());

    describeCleanupProducer(bench);
    describeCleanupWork(bench);
    describeDeadLetters(bench);
    describeCleanupJobs(bench);
  });
}
