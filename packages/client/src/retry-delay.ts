import type { ClientLimits } from './limits.js';

/**
 * How long to pause after the given failed attempt, counted from 1: exponential with full jitter, so
 * that clients that failed together do not come back together. What the server asks for comes on top.
 */
export function retryDelayMs(
  attempt: number,
  retryAfterMs: number | undefined,
  limits: Pick<ClientLimits, 'retryDelayMs' | 'retryDelayMsMax'>,
  random: () => number,
): number {
  const highest = Math.min(limits.retryDelayMsMax, limits.retryDelayMs * 2 ** (attempt - 1));
  return (retryAfterMs ?? 0) + random() * highest;
}
