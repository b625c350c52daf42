import type { RedisClient } from './connect-redis.js';
import type { JobQueue } from './open-queue.js';

/*
 * BullMQ removes a job whatever has become of it meanwhile. This removes it only if it is still where it
 * was seen. The keys are those that BullMQ removes.
 */
const script = `
local removed = 0
for i = 2, #ARGV do
  if redis.call('ZREM', KEYS[1], ARGV[i]) == 1 then
    local key = ARGV[1] .. ARGV[i]
    redis.call('DEL', key, key .. ':logs', key .. ':dependencies', key .. ':processed',
      key .. ':failed', key .. ':unsuccessful')
    removed = removed + 1
  end
end
return removed`;

/** Removes those of the jobs that are done or dead; answers how many were. */
export async function removeFinished(
  client: RedisClient,
  queue: JobQueue,
  state: 'completed' | 'failed',
  ids: readonly string[],
): Promise<number> {
  return Number(await client.eval(script, 1, queue.toKey(state), queue.toKey(''), ...ids));
}
