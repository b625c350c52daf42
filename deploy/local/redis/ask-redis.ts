import { Redis } from 'ioredis';
import { realpath } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { host } from '../ports.js';
import type { RedisAccess } from './redis-access.js';

/**
 * - `ok`: it has the data of this folder and did what it was asked for.
 * - `loading`: it has the data of this folder and still reads it.
 * - `stranger`: nobody listens there, or somebody else.
 * - `silent`: somebody listens there and says nothing.
 */
export type RedisAnswer = 'ok' | 'loading' | 'stranger' | 'silent';

const answerMsMax = 2_000;

/** Asks by a connection of its own. Never rejects. */
export async function askRedis(
  access: RedisAccess,
  command: 'PING' | 'SHUTDOWN',
): Promise<RedisAnswer> {
  const client = new Redis({
    host,
    port: access.port,
    username: 'default',
    password: access.password,
    lazyConnect: true,
    enableReadyCheck: false,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  });
  // What goes wrong is told by the command, which fails.
  client.on('error', () => undefined);
  const patience = new AbortController();
  const silence = pause<RedisAnswer>(answerMsMax, 'silent', { signal: patience.signal });
  try {
    return await Promise.race([ask(client, access, command).catch(answerOfError), silence]);
  } finally {
    patience.abort();
    await silence.catch(() => undefined);
    client.disconnect();
  }
}

/** That it takes the password says little: one that asks for none takes any. */
async function ask(client: Redis, { folder }: RedisAccess, command: string): Promise<RedisAnswer> {
  await client.connect();
  const answer: unknown = await client.config('GET', 'dir');
  if (!Array.isArray(answer) || answer[1] !== (await realpath(folder))) return 'stranger';
  await client.call(command);
  return 'ok';
}

function answerOfError(error: unknown): RedisAnswer {
  const isLoading = error instanceof Error && error.message.startsWith('LOADING');
  return isLoading ? 'loading' : 'stranger';
}
