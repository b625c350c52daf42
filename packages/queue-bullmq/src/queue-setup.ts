import type { SweepKind } from '@holdfast/domain';
import { createAskRedis, unavailable } from './ask-redis.js';
import { configureRedis } from './configure-redis.js';
import { connectOnce, onceAnswerMsMax, primariesOf } from './connect-once.js';
import { inspectRedis } from './inspect-redis.js';
import type { RedisProblem } from './judge-redis.js';
import { eventsMax, lookAtQueue, type JobQueue } from './open-queue.js';
import { queueNames, type QueueName } from './queue-names.js';
import type { RedisOptions } from './redis-options.js';
import { readSchedule, scheduleSweeps } from './sweep-schedule.js';

/** What bounds a queue, kept with it. What is missing is not bounded. */
export interface QueueBounds {
  /** Jobs that all workers together run at once. */
  readonly jobsAtOnceMax?: number | undefined;
  /** Events that are kept. */
  readonly eventsMax?: number | undefined;
}

/**
 * For whoever prepares a Redis before there are services, and looks whether it is prepared. Looking
 * changes nothing. Everything fails with `TIER_UNAVAILABLE` where Redis cannot be reached, and what it
 * does not let us do with its own words.
 */
export interface QueueSetup {
  /** What is wrong with Redis as a place for jobs. */
  problems(): Promise<readonly RedisProblem[]>;
  /** Sets what can be set about that. */
  configure(): Promise<void>;
  bounds(name: QueueName): Promise<QueueBounds>;
  /** Idempotent, also of many at once: all that know the bound write the same. */
  bound(name: QueueName, jobsAtOnceMax: number): Promise<void>;
  /** How often there is a job of each kind of sweep that has any. */
  scheduled(): Promise<ReadonlyMap<SweepKind, number>>;
  schedule(kind: SweepKind, everyMs: number): Promise<void>;
  close(): void;
}

export { eventsMax as queueEventsMax };

const concurrencyField = 'concurrency';
const eventsField = 'opts.maxLenEvents';

/** Connects once. Throws for options that are wrong. */
export function openQueueSetup(redis: RedisOptions): QueueSetup {
  const { client, ready } = connectOnce(redis);
  // Whoever asks for something is told.
  ready.catch(() => undefined);
  const askReady = createAskRedis(client, onceAnswerMsMax);
  const queueOf = (name: QueueName): JobQueue => lookAtQueue(name, client, redis.prefix);
  const sweeps = queueOf(queueNames.sweep);

  async function ask<Answer>(act: () => Promise<Answer>): Promise<Answer> {
    try {
      await ready;
    } catch (error) {
      throw unavailable(error instanceof Error ? error.message : String(error), error);
    }
    return askReady(act);
  }

  return {
    problems: async () => (await inspectRedis(redis)).problems,
    configure: () =>
      ask(async () => void (await Promise.all(primariesOf(client).map(configureRedis)))),

    bounds: (name) =>
      ask(async () => {
        const backend = queueOf(name).getBackend();
        const found = await backend.getQueueMetaFields([concurrencyField, eventsField]);
        const [jobsAtOnceMax, events] = found.map(countOf);
        return { jobsAtOnceMax, eventsMax: events };
      }),

    bound: (name, jobsAtOnceMax) =>
      ask(async () => {
        const bounds = { [concurrencyField]: jobsAtOnceMax, [eventsField]: eventsMax };
        await queueOf(name).getBackend().setQueueMeta(bounds);
      }),

    scheduled: () => ask(() => readSchedule(client, sweeps)),
    schedule: (kind, everyMs) => ask(() => scheduleSweeps(client, sweeps, kind, everyMs)),
    close: () => client.disconnect(),
  };
}

function countOf(text: string | null | undefined): number | undefined {
  return text === null || text === undefined ? undefined : Number(text);
}
