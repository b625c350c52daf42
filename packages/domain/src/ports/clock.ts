import type { Timestamp } from '../timestamp.js';

/**
 * The time of day. It may jump and it may differ between processes: it decides when objects expire
 * and how patient we are, never whether a blob may be deleted.
 */
export interface Clock {
  now(): Timestamp;
  /** Resolves after `ms`, or at once when `signal` aborts. Never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}
