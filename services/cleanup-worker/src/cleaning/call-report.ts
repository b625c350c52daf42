import type { CleanupFailure } from '@holdfast/domain';

/** How one call has ended, by which the breaker sees how things are. */
export interface CallReport {
  answered(findings: readonly Finding[]): void;
  failed(call: FailedCall): void;
}

/** What an answer says about the tiers behind it, besides what it says about its subject. */
export type Finding =
  | { readonly subject: string; readonly tiers: 'well' | 'not-known' }
  | { readonly subject: string; readonly tiers: 'unwell'; readonly failure: CleanupFailure };

/** A call that failed as a whole. */
export interface FailedCall {
  readonly subjects: readonly string[];
  readonly failure: CleanupFailure;
  /** The call has not come as far as any of its subjects: none of them is to blame. */
  readonly isUnreachable: boolean;
}
