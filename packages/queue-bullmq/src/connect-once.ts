import { Cluster, type Redis } from 'ioredis';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectRedis, type RedisClient } from './connect-redis.js';
import type { RedisOptions } from './redis-options.js';
import { ignoreErrors } from './watch-connection.js';

/** For a connection to be there, and for each answer on it. */
export const onceAnswerMsMax = 5_000;

export interface SingleConnection {
  readonly client: RedisClient;
  /** Rejects where Redis cannot be reached or does not let us in. */
  readonly ready: Promise<void>;
}

/** For somebody who asks a few things and leaves. Throws for options that are wrong. */
export function connectOnce(redis: RedisOptions): SingleConnection {
  const client = connectRedis(redis, { kind: 'once', answerMsMax: onceAnswerMsMax });
  ignoreErrors(client);
  return { client, ready: connected(client) };
}

async function connected(client: RedisClient): Promise<void> {
  const settled = new AbortController();
  const late = sleep(onceAnswerMsMax, 'late' as const, { signal: settled.signal }).catch(
    () => 'over',
  );
  let lastError: unknown;
  const ready = new Promise<void>((resolve, reject) => {
    if (client.status === 'ready') resolve();
    client.once('ready', () => resolve());
    client.on('error', (error: unknown) => {
      lastError = error;
    });
    client.once('end', () => reject(lastError ?? new Error('the connection was closed')));
  });
  try {
    const outcome = await Promise.race([ready, late]);
    if (outcome === 'late') throw new Error(`it did not answer within ${onceAnswerMsMax} ms`);
  } finally {
    settled.abort();
  }
}

export function primariesOf(client: RedisClient): readonly Redis[] {
  return client instanceof Cluster ? client.nodes('master') : [client];
}
