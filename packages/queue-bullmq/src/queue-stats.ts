import type { Timestamp } from '@holdfast/domain';
import type { RedisClient } from './connect-redis.js';
import { retryDueField } from './dead-letter-due-time.js';
import type { JobQueue } from './open-queue.js';
import { readPause } from './pause-queue.js';
import type { CleanupQueueName, QueueName } from './queue-names.js';

export interface QueueStats<Name extends QueueName = CleanupQueueName> {
  readonly name: Name;
  /** Due, and not yet taken. */
  readonly waiting: number;
  /** Their time has not come, or they wait for their next attempt. */
  readonly delayed: number;
  readonly active: number;
  readonly deadLetters: number;
  /** Since when the job that waits longest could have run, about; absent when none waits. */
  readonly oldestWaitingTime?: Timestamp | undefined;
  /** Why it is paused; absent when it is not. */
  readonly pausedFor?: string | undefined;
}

/** BullMQ sorts delayed jobs by their due time times this, plus a number of their own. */
const scoresOfMs = 4_096;

const counted = ['wait', 'prioritized', 'active', 'failed', 'delayed'] as const;

export async function readQueueStats<Name extends QueueName>(
  client: RedisClient,
  name: Name,
  queue: JobQueue,
  now: Timestamp,
): Promise<QueueStats<Name>> {
  const backend = queue.getBackend();
  const [counts, [due = 0], oldestWaitingTime, pausedFor] = await Promise.all([
    backend.getCounts([...counted]),
    // A worker moves them to the waiting ones, if there is one.
    backend.getCounts(['delayed'], now + 1),
    readOldestWaitingTime(client, queue, now),
    readPause(queue),
  ]);
  const [wait = 0, prioritized = 0, active = 0, failed = 0, delayed = 0] = counts;
  return {
    name,
    waiting: wait + prioritized + due,
    delayed: Math.max(0, delayed - due),
    active,
    deadLetters: failed,
    ...(oldestWaitingTime === undefined ? {} : { oldestWaitingTime }),
    ...(pausedFor === undefined ? {} : { pausedFor }),
  };
}

async function readOldestWaitingTime(
  client: RedisClient,
  queue: JobQueue,
  now: Timestamp,
): Promise<Timestamp | undefined> {
  const [nextId, [, score]] = await Promise.all([
    client.lindex(queue.toKey('wait'), -1),
    client.zrange(queue.toKey('delayed'), '0', '0', 'WITHSCORES'),
  ]);
  const waitingSince = nextId === null ? undefined : await readDueTime(client, queue, nextId, now);
  const firstDue = score === undefined ? Infinity : Math.floor(Number(score) / scoresOfMs);
  const times = [waitingSince ?? Infinity, firstDue <= now ? firstDue : Infinity];
  const oldest = Math.min(...times);
  return oldest === Infinity ? undefined : (oldest as Timestamp);
}

const timeFields = ['timestamp', 'opts', 'processedOn', retryDueField] as const;

/** Once it waits, a job does not tell any more how long its last back-off was. */
async function readDueTime(
  client: RedisClient,
  queue: JobQueue,
  id: string,
  now: Timestamp,
): Promise<number | undefined> {
  const values = await client.hmget(queue.toKey(id), ...timeFields);
  const [timestamp, options, processedOn, retryDue] = values;
  if (typeof timestamp !== 'string') return undefined;
  return Math.max(
    Number(timestamp) + readDelay(options ?? ''),
    Number(processedOn ?? 0),
    // One that is retried for later waits, too, until a worker has seen that.
    Math.min(Number(retryDue ?? 0), now),
  );
}

function readDelay(options: string): number {
  const delay = /"delay":(\d{1,15})[,}]/.exec(options)?.[1];
  return delay === undefined ? 0 : Number(delay);
}
