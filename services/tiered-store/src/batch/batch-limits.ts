/** How far one BatchObjects stream may go. */
export interface BatchLimits {
  /** While so many operations are unanswered, no further message is read. */
  readonly outstandingMax: number;
  readonly runningMax: number;
  /** Of one message of results; one that is larger goes alone. Small messages keep both sides busy. */
  readonly messageBytesMax: number;
  /** Of the payloads that are read, or expected to be, and not sent yet. */
  readonly resultBytesMax: number;
  /** For an operation that says none. */
  readonly timeoutMsDefault: number;
  /** How often overdue operations are looked for. */
  readonly overdueCheckMs: number;
  /** While the server drains: a caller from which nothing comes for so long has sent its last. */
  readonly drainQuietMs: number;
  /** So often it is waited for that. */
  readonly drainRoundsMax: number;
}

const mebibyte = 1024 * 1024;

export const batchLimitDefaults: BatchLimits = {
  outstandingMax: 1_000,
  runningMax: 256,
  messageBytesMax: 128 * 1024,
  resultBytesMax: 16 * mebibyte,
  timeoutMsDefault: 30_000,
  overdueCheckMs: 250,
  drainQuietMs: 1_000,
  drainRoundsMax: 3,
};

/** Of the drain, a round. All of them end before the server cuts calls off, however short it is. */
const drainQuietShareMax = 0.1;

/** The limits of a server that drains for so long. */
export function batchLimits(drainMs: number): BatchLimits {
  const drainQuietMs = Math.min(batchLimitDefaults.drainQuietMs, drainMs * drainQuietShareMax);
  return { ...batchLimitDefaults, drainQuietMs };
}
