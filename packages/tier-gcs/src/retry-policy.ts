import type { GcsLimits } from './options.js';

/** Statuses that say nothing about the request: the same one may well be answered later. */
const passingStatuses: ReadonlySet<number> = new Set([408, 429, 500, 502, 503, 504]);

/** More patience than this a server cannot ask for; what is longer ends the call at once anyway. */
const retryAfterMsMax = 24 * 3_600_000;

const secondsPattern = /^[0-9]{1,9}$/;

export function isPassing(status: number): boolean {
  return passingStatuses.has(status);
}

/** `Retry-After`, in seconds or as a date; 0 if there is none. */
export function retryAfterMsOf(header: string | undefined, now: number): number {
  if (header === undefined) return 0;
  const asked = secondsPattern.test(header) ? Number(header) * 1000 : Date.parse(header) - now;
  return Number.isFinite(asked) ? Math.min(Math.max(asked, 0), retryAfterMsMax) : 0;
}

/**
 * How long to pause after the given failure in a row, counted from 1: exponential with full jitter,
 * so that those who failed together do not come back together. What the server asks for comes on top.
 */
export function retryDelayMs(
  failure: number,
  retryAfterMs: number,
  limits: Pick<GcsLimits, 'retryDelayMs' | 'retryDelayMsMax'>,
  random: () => number,
): number {
  const highest = Math.min(limits.retryDelayMsMax, limits.retryDelayMs * 2 ** (failure - 1));
  return retryAfterMs + random() * highest;
}
