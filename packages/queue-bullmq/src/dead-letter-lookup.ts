import { assert, type DeadLetter } from '@holdfast/domain';
import type { RedisClient } from './connect-redis.js';
import { placeOfLetter } from './dead-letter-id.js';
import { readLetters, type LetterQueue, type Place } from './dead-letter-page.js';

/** The dead letters of these ids, each once. Ids that no dead letter has are left out. */
export async function lookUpDeadLetters(
  client: RedisClient,
  queues: readonly LetterQueue[],
  ids: readonly string[],
): Promise<readonly DeadLetter[]> {
  const places = await Promise.all(Array.from(new Set(ids), (id) => findPlace(client, queues, id)));
  return readLetters(
    client,
    queues,
    places.filter((place) => place !== undefined),
  );
}

async function findPlace(
  client: RedisClient,
  queues: readonly LetterQueue[],
  id: string,
): Promise<Place | undefined> {
  const found = placeOfLetter(id);
  if (found === undefined) return undefined;
  const { jobId } = found;
  const index = queues.findIndex(({ name }) => name === found.queue);
  const queue = queues[index]?.queue;
  assert(queue !== undefined, 'every queue that has letters is listed');
  const time = await client.zscore(queue.toKey('failed'), jobId);
  return time === null ? undefined : { time: Number(time), queue: index, jobId };
}
