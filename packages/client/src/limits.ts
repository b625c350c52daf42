const KiB = 1024;
const MiB = 1024 * KiB;

/** Every limit of a client, its unit last. Those in `ClientLimits` can be set by `createClient`. */
export interface ClientLimits {
  /** A call is made at most so often, the first time included. A download that goes on counts anew. */
  readonly attemptsMax: number;
  /** The first pause is at most this long; each one may be twice as long as the one before. */
  readonly retryDelayMs: number;
  readonly retryDelayMsMax: number;
  /** How long a repeat waits for a connection before it is made all the same. */
  readonly reconnectMsMax: number;
  /** Repeats that may be made at once before they are spread over time. */
  readonly retryBurstMax: number;
  /** How many repeats a second are made beyond those that successes earn. */
  readonly retriesPerSecond: number;
  /** Small operations that wait for an answer at a time; more wait for room. */
  readonly outstandingMax: number;
  /** Small operations that may wait for room; more fail with RESOURCE_EXHAUSTED. */
  readonly queueMax: number;
  /** A stream on which nothing moves for so long is given up; servers do so after 30 seconds. */
  readonly stallMsMax: number;
  /** How long a server may take to store an upload once it has all of it. */
  readonly storeMsMax: number;
}

export const clientLimitDefaults: ClientLimits = {
  attemptsMax: 12,
  retryDelayMs: 100,
  retryDelayMsMax: 10_000,
  reconnectMsMax: 5_000,
  retryBurstMax: 1_000,
  retriesPerSecond: 100,
  outstandingMax: 1_000,
  queueMax: 100_000,
  stallMsMax: 40_000,
  storeMsMax: 120_000,
};

/** How long a call may take that is not a stream, all its attempts together. */
export const deadlineMsDefault = 30_000;
/** Who is asked to stay away for longer fails instead. */
export const retryAfterMsMax = 300_000;
export const connectMsDefault = 10_000;
export const chunkBytes = 256 * KiB;
/** A payload of at most this many bytes travels within a batch. */
export const smallBytesMax = 256 * KiB;
/** How often a get begins again because the object was replaced between its two steps. */
export const replacedReadsMax = 3;
/** `bytes()` and `text()` gather no more than this. */
export const gatheredBytesMax = 1024 * MiB;
export const concurrencyDefault = 512;
export const concurrencyMax = 10_000;
export const drainMsDefault = 5_000;
/** Each success earns this much of a repeat. */
export const retriesPerSuccess = 0.5;
