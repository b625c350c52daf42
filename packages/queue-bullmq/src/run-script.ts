import type { RedisClient } from './connect-redis.js';

/** Runs a Lua script in one piece. With Redis Cluster its keys are of one slot: the prefix sees to that. */
export async function runScript(
  client: RedisClient,
  script: string,
  keys: readonly string[],
  given: readonly (string | number)[],
): Promise<unknown> {
  return client.eval(script, keys.length, ...keys, ...given);
}
