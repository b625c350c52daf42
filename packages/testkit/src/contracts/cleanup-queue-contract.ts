import { describeCleanupWork } from './cleanup-queue-work.js';
import { describeDeadLetters } from './cleanup-queue-dead-letters.js';
import { describeCleanupProducer } from './cleanup-queue-producer.js';
import { createCleanupQueueBench } from './cleanup-queue-bench.js';
import type { OpenCleanupQueue } from './cleanup-queue-under-test.js';

/**
 * Registers the tests that every implementation of the ports `CleanupProducer` and
 * `CleanupConsumer` passes.
 */
export function describeCleanupQueue(name: string, open: OpenCleanupQueue): void {
  describe(`${name} as a cleanup queue`, () => {
    const bench = createCleanupQueueBench();

    beforeEach(async () => bench.set(await open()));
    afterEach(() => bench.clear());

    describeCleanupProducer(bench);
    describeCleanupWork(bench);
    describeDeadLetters(bench);
  });
}
