import {
  compareUtf8,
  invalidPageToken,
  limits,
  type DeadLetter,
  type DeadLetterPage,
  type Timestamp,
} from '@holdfast/domain';
import type { RedisClient } from './connect-redis.js';
import { letterIdOf } from './dead-letter-id.js';
import { parseFailure } from './failure-codec.js';
import { decodeStoredJob } from './job-codec.js';
import type { JobQueue } from './open-queue.js';
import type { CleanupQueueName } from './queue-names.js';

/*
 * The dead letters of all queues in the order in which they died. BullMQ keeps those of one queue in a
 * sorted set by their time of death, and members of the same time by the bytes of their names.
 */

/** Where a letter stands among all: by time, then by queue, then by job. */
export interface Place {
  readonly time: number;
  readonly queue: number;
  readonly jobId: string;
}

export interface LetterQueue {
  readonly name: CleanupQueueName;
  readonly queue: JobQueue;
}

/** The letters after `cursor`. One that is taken off meanwhile is left out. */
export async function readDeadLetterPage(
  client: RedisClient,
  queues: readonly LetterQueue[],
  cursor: string | undefined,
  limit: number,
): Promise<DeadLetterPage> {
  const after = cursor === undefined ? undefined : parsePlace(cursor);
  const size = Math.min(limit, limits.pageSizeMax);
  // One more than asked for tells whether there is a next page.
  const places = await Promise.all(
    queues.map(({ queue }, index) => readPlaces(client, queue, index, after, size + 1)),
  );
  const all = places.flat().toSorted(comparePlaces);
  const page = all.slice(0, size);
  const last = all.length > page.length ? page.at(-1) : undefined;
  const letters = await readLetters(client, queues, page);
  return { letters, ...(last === undefined ? {} : { next: formatPlace(last) }) };
}

async function readPlaces(
  client: RedisClient,
  jobQueue: JobQueue,
  queue: number,
  after: Place | undefined,
  count: number,
): Promise<readonly Place[]> {
  const found: Place[] = [];
  for (let offset = 0; ; offset += count) {
    const entries = await client.zrangebyscore(
      jobQueue.toKey('failed'),
      after?.time ?? '-inf',
      '+inf',
      'WITHSCORES',
      'LIMIT',
      offset,
      count,
    );
    for (let index = 0; index < entries.length; index += 2) {
      const place = { time: Number(entries[index + 1]), queue, jobId: entries[index] ?? '' };
      if (after === undefined || comparePlaces(place, after) > 0) found.push(place);
    }
    // Many may have died at the very time of the cursor.
    if (found.length >= count || entries.length < 2 * count) return found.slice(0, count);
  }
}

const fields = ['name', 'data', 'timestamp', 'failedReason', 'atm'] as const;

/** The letters at these places. One that is taken off meanwhile is left out. */
export async function readLetters(
  client: RedisClient,
  queues: readonly LetterQueue[],
  places: readonly Place[],
): Promise<readonly DeadLetter[]> {
  const letters = await Promise.all(
    places.map(async (place) => {
      const found = queues[place.queue];
      if (found === undefined) return undefined;
      const values = await client.hmget(found.queue.toKey(place.jobId), ...fields);
      return letterOf(found.name, place, values);
    }),
  );
  return letters.filter((letter) => letter !== undefined);
}

function letterOf(
  queue: CleanupQueueName,
  { jobId, time }: Place,
  [name, data, timestamp, failedReason, attempts]: readonly (string | null)[],
): DeadLetter | undefined {
  if (typeof name !== 'string' || typeof data !== 'string') return undefined;
  const job = decodeStoredJob(queue, name, data)?.job;
  const { reason, message } = parseFailure(failedReason ?? '');
  return {
    id: letterIdOf(queue, jobId),
    ...(job === undefined ? {} : { job }),
    timeFirstEnqueued: Number(timestamp ?? time) as Timestamp,
    timeLastAttempt: time as Timestamp,
    attempts: Number(attempts ?? 0),
    reason,
    lastError: message,
  };
}

function comparePlaces(left: Place, right: Place): number {
  return left.time - right.time || left.queue - right.queue || compareUtf8(left.jobId, right.jobId);
}

const placeText = /^(?<time>\d{1,15})\.(?<queue>\d)\.(?<jobId>[\s\S]+)$/;

function formatPlace({ time, queue, jobId }: Place): string {
  return `${time}.${queue}.${jobId}`;
}

function parsePlace(cursor: string): Place {
  const { time, queue, jobId } = placeText.exec(cursor)?.groups ?? {};
  if (jobId === undefined) throw invalidPageToken(cursor);
  return { time: Number(time), queue: Number(queue), jobId };
}
