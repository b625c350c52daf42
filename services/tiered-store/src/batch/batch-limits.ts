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
}

const mebibyte = 1024 * 1024;

export const batchLimitDefaults: BatchLimits = {
  outstandingMax: 1_000,
  runningMax: 256,
  messageBytesMax: 128 * 1024,
  resultBytesMax: 16 * mebibyte,
  timeoutMsDefault: 30_000,
  overdueCheckMs: 250,
};
