import { Queue } from 'bullmq';
import type { RedisClient } from './connect-redis.js';
import type { QueueName } from './queue-names.js';

export type JobQueue = Queue<unknown, unknown>;

/**
 * Events of a queue that are kept. Nobody reads them, but that each job leaves several behind cannot be
 * helped.
 */
export const eventsMax = 100;

/** A replica's refusal is swallowed where it arises: it would end the connection, and so begin the next. */
const script = `
redis.pcall('HSET', KEYS[1], 'opts.maxLenEvents', ARGV[1])
return 0`;

/** `client` stays the caller's. It may be away: nothing here waits for it. */
export function openQueue(name: QueueName, client: RedisClient, prefix: string): JobQueue {
  const queue = lookAtQueue(name, client, prefix);
  const describe = (): void => {
    // What fails here is done at the next connection.
    client.eval(script, 1, queue.toKey('meta'), eventsMax).catch(() => undefined);
  };
  client.on('ready', describe);
  if (client.status === 'ready') describe();
  return queue;
}

/** The same, without a word to Redis: what the queue is like stays as it is. */
export function lookAtQueue(name: QueueName, client: RedisClient, prefix: string): JobQueue {
  const queue: JobQueue = new Queue<unknown, unknown>(name, {
    connection: client,
    prefix,
    skipVersionCheck: true,
    skipWaitingForReady: true,
    skipMetasUpdate: true,
  });
  // Whoever watches the client reports them.
  queue.on('error', () => undefined);
  return queue;
}
