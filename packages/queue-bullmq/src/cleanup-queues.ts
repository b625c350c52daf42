import { assert, type CleanupConsumer, type Clock, type WorkOptions } from '@holdfast/domain';
import type { Queue } from 'bullmq';
import { createAskRedis } from './ask-redis.js';
import type { WorkerConnections } from './cleanup-worker.js';
import { connectRedis } from './connect-redis.js';
import { createDeadLetters } from './dead-letters.js';
import { limitReports } from './limit-reports.js';
import { isLostConnection } from './lost-connection.js';
import { openQueue, type JobQueue } from './open-queue.js';
import { forgetReasonOnResume, pauseQueue } from './pause-queue.js';
import { cleanupQueueNames, queueNames, type CleanupQueueName } from './queue-names.js';
import type { QueueReport } from './queue-report.js';
import { readQueueStats, type QueueStats } from './queue-stats.js';
import type { QueuesOptions } from './queues-options.js';
import type { RedisOptions } from './redis-options.js';
import { ignoreErrors, watchConnection } from './watch-connection.js';
import { workOnQueue } from './work-on-queue.js';

export interface BullmqQueues {
  /** Both queues together. `work` runs a BullMQ worker for each. */
  readonly consumer: CleanupConsumer;
  stats(): Promise<readonly QueueStats[]>;
  /** Stops all workers of all processes from taking jobs until `resume`, also after restarts. */
  pause(queue: CleanupQueueName, reason: string): Promise<void>;
  resume(queue: CleanupQueueName): Promise<void>;
  /** All three queues, for the dashboard. */
  readonly boards: readonly Queue[];
  isConnected(): boolean;
  /** Ends all work as if its signal had aborted. */
  close(): Promise<void>;
}

export interface QueuesDependencies {
  readonly clock: Clock;
  /** Answers numbers from 0 to less than 1. */
  readonly random: () => number;
  readonly report: QueueReport;
}

const answerMsMax = 5_000;

/**
 * Connects in the background: Redis may be down. What is asked meanwhile fails with `TIER_UNAVAILABLE`,
 * and work begins once Redis is there. Throws for options that are wrong.
 */
export function openCleanupQueues(
  redis: RedisOptions,
  options: QueuesOptions,
  { clock, random, report }: QueuesDependencies,
): BullmqQueues {
  const { prefix } = redis;
  const client = connectRedis(redis, { kind: 'hasty', answerMsMax });
  const connection = watchConnection(client, report, clock);
  const ask = createAskRedis(client, answerMsMax);
  const queues = new Map<CleanupQueueName, JobQueue>(
    cleanupQueueNames.map((name) => [name, openQueue(name, client, prefix)]),
  );
  const boards = [...queues.values(), openQueue(queueNames.sweep, client, prefix)];
  for (const board of boards) forgetReasonOnResume(board);
  const closing = new AbortController();
  const works = new Set<Promise<void>>();
  const reportFailure = limitReports(report, clock);

  function queueOf(name: CleanupQueueName): JobQueue {
    const queue = queues.get(name);
    assert(queue !== undefined, 'every queue of the list is open');
    return queue;
  }

  /** What fails because Redis is away has been reported as that. */
  function failed(what: string, cause: unknown): void {
    if (connection.isConnected() && !isLostConnection(cause)) reportFailure(what, cause);
  }

  function connectWorker(name: CleanupQueueName): WorkerConnections {
    const main = connectRedis(redis, { kind: 'patient' });
    // By this name the dashboard knows the workers of a queue.
    const label = queueOf(name).getBackend().clientName();
    const blocking = connectRedis(redis, { kind: 'patient', name: label });
    for (const each of [main, blocking]) ignoreErrors(each);
    return { main, blocking };
  }

  const work: CleanupConsumer['work'] = async (handle, given) => {
    assert(given.concurrency >= 1, 'a worker takes at least one job at a time');
    const signal = AbortSignal.any([given.signal, closing.signal]);
    if (signal.aborted) return;
    const ends = cleanupQueueNames.map((name) =>
      workOnQueue(
        name,
        { ...given, handle, signal, jobsPerSecondMax: limitOf(options, name) },
        options,
        { prefix, connections: connectWorker(name), clock, random, failed },
      ),
    );
    await Promise.all(ends);
  };

  return {
    consumer: {
      ...createDeadLetters(client, queueOf, ask),
      work(handle, given: WorkOptions) {
        const ending = work(handle, given).finally(() => works.delete(ending));
        works.add(ending);
        return ending;
      },
    },

    stats: () =>
      ask(() =>
        Promise.all(
          cleanupQueueNames.map((name) => readQueueStats(client, name, queueOf(name), clock.now())),
        ),
      ),

    pause: (name, reason) => ask(() => pauseQueue(queueOf(name), reason)),
    resume: (name) => ask(() => queueOf(name).resume()),
    boards,
    isConnected: connection.isConnected,

    async close() {
      closing.abort();
      await Promise.all(works);
      connection.stop();
      client.disconnect();
    },
  };
}

function limitOf({ jobsPerSecondMax }: QueuesOptions, name: CleanupQueueName): number | undefined {
  return name === queueNames.settle ? jobsPerSecondMax.settle : jobsPerSecondMax.reclaim;
}
