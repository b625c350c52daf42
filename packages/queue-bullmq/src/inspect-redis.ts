import { unavailable } from './ask-redis.js';
import { connectOnce, primariesOf } from './connect-once.js';
import { judgeRedis, type RedisFacts, type RedisProblem } from './judge-redis.js';
import { readFacts } from './read-redis-facts.js';
import type { RedisOptions } from './redis-options.js';

/** How Redis is configured, as far as it tells; of a cluster's nodes the worst. */
export interface RedisInspection {
  readonly version: string;
  readonly evictionPolicy?: string | undefined;
  readonly persistence: RedisFacts['persistence'];
  readonly problems: readonly RedisProblem[];
}

/**
 * Asks Redis how it is configured. Rejects with `TIER_UNAVAILABLE` when it cannot be reached or does not
 * let us in. Throws for options that are wrong.
 */
export async function inspectRedis(redis: RedisOptions): Promise<RedisInspection> {
  const { client, ready } = connectOnce(redis);
  try {
    await ready;
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

function weightOf(facts: RedisFacts): number {
  return judgeRedis(facts).filter(({ severity }) => severity === 'refuse').length;
}
