import type { RedisClient } from './connect-redis.js';

/*
 * A Redis whose memory is full refuses the first write of a script if it takes memory, and lets all of
 * them pass once the script has written anything else. BullMQ begins with such a write when it takes a
 * waiting job, and with another kind when it takes one whose delay is over. So the next waiting job
 * becomes one whose delay is over: jobs are worked off, which is what makes memory free.
 */
const script = `
local id = redis.call('RPOP', KEYS[1])
if not id then return 0 end
redis.call('ZADD', KEYS[2], ARGV[1], id)
return 1`;

/** BullMQ sorts delayed jobs by their due time times this. */
const scoresOfMs = 4_096;

export function isOutOfMemory(error: unknown): boolean {
  return error instanceof Error && /\bOOM\b/.test(error.message);
}

/** Answers whether a job can be taken now. */
export async function makeWay(
  client: RedisClient,
  keys: { readonly wait: string; readonly delayed: string },
  nowMs: number,
): Promise<boolean> {
  return Number(await client.eval(script, 2, keys.wait, keys.delayed, nowMs * scoresOfMs)) > 0;
}
