import { retriesPerSuccess, type ClientLimits } from './limits.js';

/**
 * Keeps a client from hammering a server that is down: a repeat costs a token, time and successes
 * bring new ones. Who finds none is not refused but has to come later: a server that restarts with
 * thousands of calls under way fails none of them.
 */
export interface RetryBudget {
  /**
   * Takes a token, perhaps one that is still to come: answers how long to wait for it. Nothing is
   * taken when it would be longer than `waitMsMax`.
   */
  take(waitMsMax: number): number | undefined;
  /** A call succeeded. */
  earn(): void;
}

export function createRetryBudget(
  limits: Pick<ClientLimits, 'retryBurstMax' | 'retriesPerSecond'>,
  now: () => number,
): RetryBudget {
  const { retryBurstMax, retriesPerSecond } = limits;
  let tokens = retryBurstMax;
  let countedAt = now();
  const count = (earned: number): void => {
    const at = now();
    // The clock may be set back.
    const byTime = (Math.max(0, at - countedAt) / 1000) * retriesPerSecond;
    countedAt = at;
    tokens = Math.min(retryBurstMax, tokens + byTime + earned);
  };
  return {
    take(waitMsMax) {
      count(0);
      const waitMs = tokens >= 1 ? 0 : ((1 - tokens) / retriesPerSecond) * 1000;
      if (waitMs > waitMsMax) return undefined;
      tokens -= 1;
      return waitMs;
    },
    earn() {
      // Most calls find the budget full, and need not look at the clock.
      if (tokens < retryBurstMax) count(retriesPerSuccess);
    },
  };
}
