import type { ChangeLog, Checksum, Clock, HighVolumeTier, LongTermTier } from '@holdfast/domain';
import type { AbandonedQuery, AbandonedReport } from '@holdfast/tier-filesystem';

/** Where everything is kept. A service knows its tiers by this alone. */
export interface Storage {
  readonly highVolume: HighVolumeTier;
  readonly changeLog: ChangeLog;
  readonly longTerm: LongTermTier;
  /** What operators call the tiers. */
  readonly kinds: { readonly highVolume: string; readonly longTerm: string };
  /** What whoever relies on it should know, a sentence each. */
  readonly warnings: readonly string[];
  /** Removes what uploads of processes that died have left in the long-term tier. */
  removeAbandoned(query: AbandonedQuery): Promise<AbandonedReport>;
  close(): Promise<void>;
}

export interface StorageOptions {
  /** Where there is no long-term tier, larger payloads are refused. */
  readonly inlineThresholdBytes: number;
}

export interface StorageDependencies {
  readonly clock: Clock;
  readonly checksum: Checksum;
}
