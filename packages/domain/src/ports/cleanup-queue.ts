import type { BlobName } from '../blob-name.js';
import type { ChangeId } from '../revision.js';
import type { Timestamp } from '../timestamp.js';

/** A hint that something may be cleaned. It carries ids only: the truth is read where it is kept. */
export type CleanupJob =
  | { readonly kind: 'settle-change'; readonly changeId: ChangeId }
  | { readonly kind: 'reclaim-blob'; readonly blob: BlobName };

/** Where jobs are put. All that is lost with it is time: the change log and sweeps find the work again. */
export interface CleanupProducer {
  /**
   * Offers the job to workers once `notBefore` has come. One of the same change or blob that is
   * waiting already swallows it, one that is running may, and so does a dead letter: that is for
   * somebody to look at. Fails fast, with `TIER_UNAVAILABLE`, and never waits for a queue that is down.
   */
  enqueue(job: CleanupJob, notBefore: Timestamp): Promise<void>;
}

/** Where jobs are worked off. */
export interface CleanupConsumer {
  /**
   * Hands due jobs to `handle`, at most `concurrency` of each kind at once, until `signal` aborts;
   * resolves when the last running one has ended. A job runs at one worker at a time as far as the
   * queue can tell; a worker that dies loses its claim and the job runs again, so `handle` must be
   * idempotent. A `handle` that rejects is tried again with exponential back-off and jitter up to a
   * cap; out of attempts, or after a final `CleanupFailure`, the job becomes a dead letter. One that
   * asks to be run again has all its attempts again. A job that this version cannot read is a dead
   * letter at once.
   */
  work(handle: CleanupHandler, options: WorkOptions): Promise<void>;

  /** Dead letters, oldest first by the time they became one. */
  listDeadLetters(cursor: string | undefined, limit: number): Promise<DeadLetterPage>;

  /**
   * The dead letters of these ids, each once, and none for an id that no dead letter has. What it takes
   * depends on how many are asked for, and not on how many there are.
   */
  findDeadLetters(ids: readonly string[]): Promise<readonly DeadLetter[]>;

  /**
   * Gives a dead letter a fresh set of attempts, from `notBefore` on or at once. `absent` when there is
   * none of that id.
   */
  retryDeadLetter(id: string, notBefore?: Timestamp): Promise<'retried' | 'absent'>;

  /** Takes the letter off the queue. What it pointed at stays on the change log. */
  discardDeadLetter(id: string): Promise<'discarded' | 'absent'>;
}

/** Resolves when the job is done; to a time if it is to run again then, which is no failure. */
export type CleanupHandler = (
  job: CleanupJob,
  signal: AbortSignal,
) => Promise<Timestamp | undefined>;

export interface WorkOptions {
  readonly concurrency: number;
  readonly signal: AbortSignal;
  /** While it holds, no further jobs are taken. */
  readonly hold?: WorkHold | undefined;
}

/** Keeps workers from jobs that could only fail. */
export interface WorkHold {
  readonly isHeld: () => boolean;
  /** Answers how to stop listening. */
  onChange(listener: () => void): () => void;
}

/** Why a job failed: one word to filter by, and a text for people. */
export class CleanupFailure extends Error {
  override readonly name = 'CleanupFailure';
  readonly reason: string;
  /** Another attempt would fail in the same way. */
  readonly isFinal: boolean;

  constructor(
    reason: string,
    message: string,
    { isFinal = false, cause }: { readonly isFinal?: boolean; readonly cause?: unknown } = {},
  ) {
    super(message, { cause });
    this.reason = reason;
    this.isFinal = isFinal;
  }
}

export interface DeadLetter {
  /** Stays the same when it is retried and fails again. */
  readonly id: string;
  /** Absent when this version cannot read the job. */
  readonly job?: CleanupJob | undefined;
  readonly timeFirstEnqueued: Timestamp;
  readonly timeLastAttempt: Timestamp;
  /** Since it was enqueued or retried. */
  readonly attempts: number;
  /** That of the last attempt's `CleanupFailure`; `INTERNAL` for any other error. */
  readonly reason: string;
  readonly lastError: string;
}

export interface DeadLetterPage {
  readonly letters: readonly DeadLetter[];
  readonly next?: string | undefined;
}
