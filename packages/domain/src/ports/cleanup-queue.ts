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
   * Offers the job to workers once `notBefore` has come. A job of the same change or blob that is
   * waiting already swallows it. Fails fast, with `TIER_UNAVAILABLE`, and never waits for a queue
   * that is down.
   */
  enqueue(job: CleanupJob, notBefore: Timestamp): Promise<void>;
}

/** Where jobs are worked off. */
export interface CleanupConsumer {
  /**
   * Hands due jobs to `handle`, at most `concurrency` at once, until `signal` aborts; resolves when
   * the last running one has ended. A job runs at one worker at a time as far as the queue can tell;
   * a worker that dies loses its claim and the job runs again, so `handle` must be idempotent. A
   * `handle` that rejects is tried again with exponential back-off and jitter up to a cap; out of
   * attempts, the job becomes a dead letter.
   */
  work(handle: CleanupHandler, options: WorkOptions): Promise<void>;

  /** Dead letters, oldest first by the time they were first enqueued. */
  listDeadLetters(cursor: string | undefined, limit: number): Promise<DeadLetterPage>;

  /** Gives a dead letter a fresh set of attempts. `absent` when there is none of that id. */
  retryDeadLetter(id: string): Promise<'retried' | 'absent'>;

  /** Takes the letter off the queue. What it pointed at stays on the change log. */
  discardDeadLetter(id: string): Promise<'discarded' | 'absent'>;
}

export type CleanupHandler = (job: CleanupJob, signal: AbortSignal) => Promise<void>;

export interface WorkOptions {
  readonly concurrency: number;
  readonly signal: AbortSignal;
}

export interface DeadLetter {
  readonly id: string;
  readonly job: CleanupJob;
  readonly timeFirstEnqueued: Timestamp;
  readonly attempts: number;
  readonly lastError: string;
}

export interface DeadLetterPage {
  readonly letters: readonly DeadLetter[];
  readonly next?: string | undefined;
}
