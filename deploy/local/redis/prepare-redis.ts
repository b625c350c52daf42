import type { StartSettings } from '../command-line.js';
import type { Ports } from '../ports.js';
import { requireServer, type Machine } from './install-server.js';
import type { RedisPlan } from './plan-redis.js';
import { createAccess } from './redis-access.js';

export interface RedisPlace {
  readonly ports: Ports;
  readonly folder: string;
  readonly machine: Machine;
  readonly say: (line: string) => void;
}

/** Makes everything ready for the Redis of this start, which is the one it was given if it was. */
export async function prepareRedis(
  { redisUrl }: StartSettings,
  { ports, folder, machine, say }: RedisPlace,
): Promise<RedisPlan> {
  if (redisUrl !== undefined) return { kind: 'given', url: redisUrl };
  const program = await requireServer(machine, say);
  return { kind: 'own', program, access: await createAccess(folder, ports.redis) };
}
