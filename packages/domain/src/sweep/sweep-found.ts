import type { UndecidedEntry } from '../ports/long-term-tier.js';
import { usecaseOf } from '../reclaim/undecided.js';
import type { UsecaseCount } from '../usecase-count.js';
import type { KeptReason } from './sweep-findings.js';
import type { SweepFound } from './sweep-duty.js';

export function oneRemoved(usecase: string, bytes: number): SweepFound {
  return { usecase, scanned: 1, removed: 1, freedBytes: bytes };
}

export function oneKept(usecase: string, reason: KeptReason, bytes = 0): SweepFound {
  return { usecase, scanned: 1, kept: { [reason]: { entries: 1, bytes } } };
}

/** Entries of which nothing is known, not even the usecase. */
export function keptUndecided(entries: number): readonly SweepFound[] {
  if (entries === 0) return [];
  return [{ scanned: entries, kept: { undecided: { entries, bytes: 0 } } }];
}

/**
 * What a step of the store through the rows tells: it removed some, could not decide about some, and
 * the others are live.
 */
export function foundByUsecase(
  counts: readonly UsecaseCount[],
  undecided: readonly UndecidedEntry[],
): readonly SweepFound[] {
  const undecidedIn = new Map<string | undefined, number>();
  for (const { where } of undecided) {
    const usecase = usecaseOf(where);
    undecidedIn.set(usecase, (undecidedIn.get(usecase) ?? 0) + 1);
  }
  const found = counts.map((count) => foundIn(count, undecidedIn.get(count.usecase) ?? 0));
  return [...found, ...keptUndecided(undecidedIn.get(undefined) ?? 0)];
}

function foundIn(
  { usecase, examined, removed, freedBytes }: UsecaseCount,
  undecided: number,
): SweepFound {
  const live = Math.max(0, examined - removed - undecided);
  const kept = {
    live: { entries: live, bytes: 0 },
    undecided: { entries: undecided, bytes: 0 },
  };
  return { usecase, scanned: examined, removed, freedBytes, kept };
}
