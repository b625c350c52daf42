import type { BlobName } from '../blob-name.js';
import type { ChangeId } from '../revision.js';
import type { SweepDamage } from '../sweep/sweep-findings.js';
import type { Timestamp } from '../timestamp.js';
import type { UsecaseCount } from '../usecase-count.js';
import type { UndecidedEntry } from './long-term-tier.js';

/**
 * The storage as sweeps see it: through its maintenance calls alone. It decides everything anew, so an
 * answer that has aged by the time somebody acts on it does no harm. Every call is bounded by what is
 * asked for, may be repeated, changes nothing unless it says so, and rejects with a `DomainError` when it
 * failed as a whole; `signal` ends it early.
 */
export interface SweptStore {
  /** The time by the store's clock. */
  time(signal: AbortSignal): Promise<Timestamp>;

  /** Changes whose deadline has come, oldest first. */
  listDueChanges(page: SweptPage, signal: AbortSignal): Promise<DueChanges>;

  listBlobs(page: SweptPage, signal: AbortSignal): Promise<SweptBlobs>;

  /** What would become of each blob, in the order asked for. */
  judgeBlobs(
    blobs: readonly BlobName[],
    ageMsMin: number,
    signal: AbortSignal,
  ): Promise<readonly BlobJudgement[]>;

  /** Removes what is left of expired objects, unless `dryRun`. */
  expireObjects(page: ExpiringPage, signal: AbortSignal): Promise<ExpiredObjects>;

  verifyObjects(page: VerifyingPage, signal: AbortSignal): Promise<VerifiedObjects>;
}

export interface SweptPage {
  /** Entries to look at: 1 to 1,000. */
  readonly pageSize: number;
  /** `next` of the page before. Absent: from the beginning. */
  readonly cursor?: string | undefined;
}

export interface ExpiringPage extends SweptPage {
  readonly timeMsMax: number;
  readonly dryRun: boolean;
}

export interface VerifyingPage extends SweptPage {
  readonly timeMsMax: number;
  /** 1 MiB to 1 GiB. */
  readonly bytesMax: number;
}

interface SweptAnswer {
  readonly undecided: readonly UndecidedEntry[];
  /** Where the next page begins; absent at the end. */
  readonly next?: string | undefined;
}

export interface DueChange {
  readonly changeId: ChangeId;
  readonly usecase: string;
}

export interface DueChanges extends SweptAnswer {
  readonly changes: readonly DueChange[];
}

export interface SweptBlob {
  readonly name: BlobName;
  readonly usecase: string;
  readonly size: number;
  readonly timeCreated: Timestamp;
}

export interface SweptBlobs extends SweptAnswer {
  readonly blobs: readonly SweptBlob[];
}

/** `orphan`: nothing keeps it. `gone`: it is not there any more. Any other reason keeps it. */
export type BlobJudgement =
  | { readonly kind: 'orphan' | 'live' | 'owned' | 'young' | 'gone' }
  | { readonly kind: 'undecided'; readonly why: string };

export interface ExpiredObjects extends SweptAnswer {
  readonly counts: readonly UsecaseCount[];
}

export interface VerifiedObjects extends SweptAnswer {
  readonly counts: readonly UsecaseCount[];
  readonly verifiedBytes: number;
  readonly damage: readonly SweepDamage[];
}
