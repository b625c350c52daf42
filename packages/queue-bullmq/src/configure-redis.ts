import type { Redis } from 'ioredis';
import type { RedisFacts } from './judge-redis.js';
import { readFacts } from './read-redis-facts.js';

/** What can be changed while Redis runs, and how it has to be. */
const wanted: readonly {
  readonly isWrong: (facts: RedisFacts) => boolean;
  readonly setting: string;
  readonly value: string;
}[] = [
  {
    isWrong: ({ evictionPolicy }) =>
      evictionPolicy !== undefined && evictionPolicy !== 'noeviction',
    setting: 'maxmemory-policy',
    value: 'noeviction',
  },
  {
    isWrong: ({ persistence }) => persistence === 'none' || persistence === 'rdb',
    setting: 'appendonly',
    value: 'yes',
  },
];

/**
 * Sets what is not as it has to be, and has Redis write it to its file of settings where it has one: else
 * it holds until Redis starts again. Tries all of it, and throws why something could not be set.
 */
export async function configureRedis(node: Redis): Promise<void> {
  const facts = await readFacts(node);
  const wrong = wanted.filter(({ isWrong }) => isWrong(facts));
  if (wrong.length === 0) return;
  const done = await Promise.allSettled(
    wrong.map(({ setting, value }) => node.config('SET', setting, value)),
  );
  // Many run without such a file, or with one that they may not write.
  await node.config('REWRITE').catch(() => undefined);
  for (const each of done) if (each.status === 'rejected') throw each.reason;
}
