import { DomainError } from '@holdfast/domain';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RedisClient } from './connect-redis.js';

/** Runs what needs Redis: it answers in time, or rejects with `TIER_UNAVAILABLE`. */
export type AskRedis = <Answer>(act: () => Promise<Answer>) => Promise<Answer>;

/**
 * When an answer is late the connection is given up, and with it all that is still waited for: what
 * nobody counts any more would pile up on a connection that is too slow, and be done all the same.
 */
export function createAskRedis(client: RedisClient, answerMsMax: number): AskRedis {
  let isGivenUp = false;
  client.on('close', () => {
    isGivenUp = false;
  });

  function giveUp(): void {
    if (isGivenUp || client.status !== 'ready') return;
    isGivenUp = true;
    client.disconnect(true);
  }

  return async (act) => {
    if (isGivenUp || client.status !== 'ready') throw unavailable('it cannot be reached');
    const done = new AbortController();
    try {
      return await Promise.race([act(), late(answerMsMax, done.signal, giveUp)]);
    } catch (error) {
      if (error instanceof DomainError) throw error;
      throw unavailable(error instanceof Error ? error.message : String(error), error);
    } finally {
      done.abort();
    }
  };
}

/** Rejects after a time, or never once `signal` aborts. */
async function late(ms: number, signal: AbortSignal, giveUp: () => void): Promise<never> {
  try {
    await sleep(ms, undefined, { signal });
  } catch {
    return new Promise(() => {});
  }
  giveUp();
  throw unavailable(`it did not answer within ${ms} ms`);
}

export function unavailable(why: string, cause?: unknown): DomainError {
  return new DomainError({ code: 'TIER_UNAVAILABLE', tier: 'the cleanup queue', why }, { cause });
}
