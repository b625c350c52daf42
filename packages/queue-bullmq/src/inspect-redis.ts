import { Cluster, type Redis } from 'ioredis';
import { setTimeout as sleep } from 'node:timers/promises';
import { unavailable } from './ask-redis.js';
import { connectRedis, type RedisClient } from './connect-redis.js';
import { judgeRedis, type RedisFacts, type RedisProblem } from './judge-redis.js';
import type { RedisOptions } from './redis-options.js';
import { ignoreErrors } from './watch-connection.js';

/** How Redis is configured, as far as it tells; of a cluster's nodes the worst. */
export interface RedisInspection {
  readonly version: string;
  readonly evictionPolicy?: string | undefined;
  readonly persistence: RedisFacts['persistence'];
  readonly problems: readonly RedisProblem[];
}

const answerMsMax = 5_000;

/**
 * Asks Redis how it is configured. Rejects with `TIER_UNAVAILABLE` when it cannot be reached or does not
 * let us in. Throws for options that are wrong.
 */
export async function inspectRedis(redis: RedisOptions): Promise<RedisInspection> {
  const client = connectRedis(redis, { kind: 'once', answerMsMax });
  ignoreErrors(client);
  try {
    await connected(client);
    const facts = await Promise.all(primariesOf(client).map(readFacts));
    const problems = new Map(facts.flatMap(judgeRedis).map((problem) => [problem.text, problem]));
    const worst = facts.toSorted((left, right) => weightOf(right) - weightOf(left))[0];
    if (worst === undefined) throw new Error('it names no primary');
    const { version, evictionPolicy, persistence } = worst;
    return { version, evictionPolicy, persistence, problems: [...problems.values()] };
  } catch (error) {
    throw unavailable(error instanceof Error ? error.message : String(error), error);
  } finally {
    client.disconnect();
  }
}

async function connected(client: RedisClient): Promise<void> {
  const settled = new AbortController();
  const late = sleep(answerMsMax, 'late' as const, { signal: settled.signal }).catch(() => 'over');
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
    if (outcome === 'late') throw new Error(`it did not answer within ${answerMsMax} ms`);
  } finally {
    settled.abort();
  }
}

function primariesOf(client: RedisClient): readonly Redis[] {
  return client instanceof Cluster ? client.nodes('master') : [client];
}

function weightOf(facts: RedisFacts): number {
  return judgeRedis(facts).filter(({ severity }) => severity === 'refuse').length;
}

async function readFacts(node: Redis): Promise<RedisFacts> {
  const info = await readInfo(node);
  const evictionPolicy =
    info?.get('maxmemory_policy') ?? (await readSetting(node, 'maxmemory-policy'));
  const isReplica = info?.get('role') === 'slave';
  return {
    version: info?.get('redis_version') ?? 'unknown',
    evictionPolicy,
    persistence: await readPersistence(node, info),
    isReplica,
    memoryBytesMax: Number(info?.get('maxmemory') ?? (await readSetting(node, 'maxmemory')) ?? 0),
  };
}

async function readPersistence(
  node: Redis,
  info: ReadonlyMap<string, string> | undefined,
): Promise<RedisFacts['persistence']> {
  const appends = info?.get('aof_enabled') ?? (await readSetting(node, 'appendonly'));
  if (appends === '1' || appends === 'yes') return 'aof';
  const snapshots = await readSetting(node, 'save');
  if (snapshots === undefined) return 'unknown';
  return snapshots === '' ? 'none' : 'rdb';
}

/** `undefined` where it may not be asked. */
async function readInfo(node: Redis): Promise<ReadonlyMap<string, string> | undefined> {
  const text = await orForbidden(() => node.info());
  if (text === undefined) return undefined;
  const lines = text.split('\r\n').map((line) => line.split(':'));
  return new Map(lines.map(([name = '', ...value]) => [name, value.join(':')]));
}

/** Services that run Redis for others often forbid to ask. */
async function readSetting(node: Redis, name: string): Promise<string | undefined> {
  const answer = await orForbidden(() => node.config('GET', name));
  return Array.isArray(answer) && typeof answer[1] === 'string' ? answer[1] : undefined;
}

async function orForbidden<Answer>(ask: () => Promise<Answer>): Promise<Answer | undefined> {
  try {
    return await ask();
  } catch (error) {
    const message = error instanceof Error ? error.message : '';
    if (/^(NOPERM|ERR unknown)/.test(message)) return undefined;
    throw error;
  }
}
