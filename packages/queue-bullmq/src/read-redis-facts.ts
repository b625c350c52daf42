import type { Redis } from 'ioredis';
import type { RedisFacts } from './judge-redis.js';

/** How one node is configured, as far as it tells. */
export async function readFacts(node: Redis): Promise<RedisFacts> {
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
