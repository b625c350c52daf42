import type { UndecidedEntry } from '../ports/long-term-tier.js';
import type { ObjectId } from '../object-id.js';
import type { Damage } from '../reclaim/verify-verdict.js';

export const keptReasons = ['live', 'young', 'owned', 'undecided'] as const;

/**
 * Why an entry was kept: it is in use; it is too young to judge; somebody else takes care of it already;
 * or it could not be decided.
 */
export type KeptReason = (typeof keptReasons)[number];

export interface KeptCount {
  readonly entries: number;
  /** As far as known. */
  readonly bytes: number;
}

export interface SweepCounts {
  /** Entries looked at. */
  readonly scanned: number;
  /** Entries removed or handed to a queue for it; in a dry run, those that would have been. */
  readonly removed: number;
  readonly freedBytes: number;
  /** Bytes read to verify them. Known in all and not by usecase. */
  readonly readBytes: number;
  /** Reasons without entries are left out. */
  readonly kept: Readonly<Partial<Record<KeptReason, KeptCount>>>;
}

export interface UsecaseSweepCounts extends SweepCounts {
  /** Absent for what belongs to no usecase, and for what is left of those that are not shown. */
  readonly usecase?: string | undefined;
}

export type SweepDamage = Damage & { readonly id: ObjectId };

/** What a run has found and done so far. Plain data: it survives JSON, but for the ids of objects. */
export interface SweepFindings {
  readonly counts: SweepCounts;
  /** Those with the most entries, and what is left of the others in one more. */
  readonly usecases: readonly UsecaseSweepCounts[];
  readonly damaged: number;
  /** The first of them. */
  readonly damage: readonly SweepDamage[];
  readonly undecided: number;
  /** The first of them. */
  readonly undecidedEntries: readonly UndecidedEntry[];
}
