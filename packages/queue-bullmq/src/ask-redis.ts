import { DomainError } from '@holdfast/domain';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RedisClient } from './connect-redis.js';

/** Runs what needs Redis: it answers in time, or rejects with `TIER_UNAVAILABLE`. */
export type AskRedis = <Answer>(act: () => Promise<Answer>) => Promise<Answer>;

export function createAskRedis(client: RedisClient, answerMsMax: number): AskRedis {
  return async (act) => {
    if (client.status !== 'ready') throw unavailable('it cannot be reached');
    const done = new AbortController();
    try {
      return await Promise.race([act(), giveUp(answerMsMax, done.signal)]);
    } catch (error) {
      if (error instanceof DomainError) throw error;
      throw unavailable(error instanceof Error ? error.message : String(error), error);
    } finally {
      done.abort();
    }
  };
}

/** Rejects after a time, or never once `signal` aborts. */
async function giveUp(ms: number, signal: AbortSignal): Promise<never> {
  try {
    await sleep(ms, undefined, { signal });
  } catch {
    return new Promise(() => {});
  }
  throw unavailable(`it did not answer within ${ms} ms`);
}

export function unavailable(why: string, cause?: unknown): DomainError {
  return new DomainError({ code: 'TIER_UNAVAILABLE', tier: 'the cleanup queue', why }, { cause });
}
