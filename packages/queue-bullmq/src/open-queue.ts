import { Queue } from 'bullmq';
import type { RedisClient } from './connect-redis.js';
import type { QueueName } from './queue-names.js';

export type JobQueue = Queue<unknown, unknown>;

/**
 * Events of a queue that are kept. Nobody reads them, but that each job leaves several behind cannot be
 * helped.
 */
const eventsMax = 100;

/** `client` stays the caller's. It may be away: nothing here waits for it. */
export function openQueue(name: QueueName, client: RedisClient, prefix: string): JobQueue {
  const queue: JobQueue = new Queue<unknown, unknown>(name, {
    connection: client,
    prefix,
    skipVersionCheck: true,
    skipWaitingForReady: true,
    skipMetasUpdate: true,
  });
  // Whoever watches the client reports them.
  queue.on('error', () => undefined);
  const describe = (): void => {
    const backend = queue.getBackend();
    // What fails here is done at the next connection.
    backend.setQueueMeta({ 'opts.maxLenEvents': eventsMax }).catch(() => undefined);
  };
  client.on('ready', describe);
  if (client.status === 'ready') describe();
  return queue;
}
