import type { CleanupProducer, Clock, Timestamp } from '@holdfast/domain';
import { createAskRedis, unavailable } from './ask-redis.js';
import { connectRedis } from './connect-redis.js';
import { createGatherer } from './gather-jobs.js';
import { encodeJob, type EncodedJob } from './job-codec.js';
import { openQueue } from './open-queue.js';
import { cleanupQueueNames, type CleanupQueueName } from './queue-names.js';
import type { QueueReport } from './queue-report.js';
import type { RedisOptions } from './redis-options.js';
import { removeFinished } from './remove-finished.js';
import { watchConnection } from './watch-connection.js';

export interface ProducerOptions {
  /** Jobs on their way to Redis. One more is refused. */
  readonly inFlightMax: number;
  /** How long Redis may take to accept a job. */
  readonly commandMsMax: number;
}

export const producerDefaults: ProducerOptions = {
  inFlightMax: 10_000,
  commandMsMax: 500,
};

export interface BullmqProducer extends CleanupProducer {
  isConnected(): boolean;
  /** Jobs on their way to Redis. */
  inFlight(): number;
  /** Waits for what is in flight, no longer than a command may take. */
  close(): Promise<void>;
}

export interface ProducerDependencies {
  readonly clock: Clock;
  readonly report: QueueReport;
}

interface DueJob extends EncodedJob {
  readonly timestamp: Timestamp;
  readonly delay: number;
}

/** Jobs that go to Redis in one piece: more of them would hold up everything else in this process. */
const bulkMax = 100;
const bulksMax = 4;

/** Connects in the background: Redis may be down. Throws for options that are wrong. */
export function openCleanupProducer(
  redis: RedisOptions,
  options: ProducerOptions,
  { clock, report }: ProducerDependencies,
): BullmqProducer {
  const { commandMsMax, inFlightMax } = options;
  const client = connectRedis(redis, { kind: 'hasty', answerMsMax: commandMsMax });
  const connection = watchConnection(client, report, clock);
  const ask = createAskRedis(client, commandMsMax);
  const queues = new Map(
    cleanupQueueNames.map((name) => [name, openQueue(name, client, redis.prefix)]),
  );
  const gatherer = createGatherer(sendAll, { inFlightMax, bulkMax, bulksMax });

  async function sendAll(jobs: readonly DueJob[]): Promise<void> {
    await ask(() => Promise.all(cleanupQueueNames.map((name) => send(name, jobs))));
  }

  async function send(name: CleanupQueueName, all: readonly DueJob[]): Promise<void> {
    const jobs = all.filter((job) => job.queue === name);
    const queue = queues.get(name);
    if (jobs.length === 0 || queue === undefined) return;
    // One that is done and still shown would swallow its like. Both go over one connection, in order.
    const forgotten = removeFinished(
      client,
      queue,
      'completed',
      jobs.map(({ id }) => id),
    );
    const added = queue.addBulk(
      jobs.map(({ id, name: kind, data, timestamp, delay }) => {
        return { name: kind, data, opts: { jobId: id, timestamp, delay } };
      }),
    );
    await Promise.all([forgotten, added]);
  }

  return {
    isConnected: connection.isConnected,
    inFlight: gatherer.inFlight,

    async enqueue(job, notBefore) {
      if (!connection.isConnected()) throw unavailable('it cannot be reached');
      const timestamp = clock.now();
      const delay = Math.max(0, notBefore - timestamp);
      await gatherer.add({ ...encodeJob(job), timestamp, delay });
    },

    async close() {
      await gatherer.close(commandMsMax);
      connection.stop();
      client.disconnect();
    },
  };
}
