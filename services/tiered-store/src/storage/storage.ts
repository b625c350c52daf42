import type { ChangeLog, Checksum, Clock, HighVolumeTier, LongTermTier } from '@holdfast/domain';
import type { AbandonedQuery, AbandonedReport } from '@holdfast/tier-filesystem';

/** Where everything is kept. The service knows its tiers by this alone. */
export interface Storage {
  readonly highVolume: HighVolumeTier;
  readonly changeLog: ChangeLog;
  readonly longTerm: LongTermTier;
  /** What operators call the tiers. */
  readonly kinds: { readonly highVolume: string; readonly longTerm: string };
  /** Whether everything is gone when the process ends, in part or in whole. */
  readonly isVolatile: boolean;
  /** Removes what uploads of processes that died have left in the long-term tier. */
  removeAbandoned(query: AbandonedQuery): Promise<AbandonedReport>;
  close(): Promise<void>;
}

export interface StorageSettings {
  readonly highVolume: {
    readonly kind: 'lmdb' | 'memory';
    readonly directory: string;
    readonly sizeMax: number;
  };
  readonly longTerm: { readonly kind: 'filesystem' | 'memory'; readonly directory: string };
}

export interface StorageDependencies {
  readonly clock: Clock;
  readonly checksum: Checksum;
}
