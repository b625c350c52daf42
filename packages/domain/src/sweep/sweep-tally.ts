import { damageShownMax, undecidedShownMax } from '../limits.js';
import type { UndecidedEntry } from '../ports/long-term-tier.js';
import { createTallyByUsecase } from '../reclaim/tally-by-usecase.js';
import type { SweepStepOutcome } from './sweep-duty.js';
import {
  keptReasons,
  type KeptCount,
  type KeptReason,
  type SweepCounts,
  type SweepDamage,
  type SweepFindings,
} from './sweep-findings.js';

/** Adds up what the steps of one run find, in bounded memory. */
export interface SweepTally {
  add(outcome: SweepStepOutcome): void;
  /** Those of the findings, for who asks often. */
  counts(): SweepCounts;
  findings(): SweepFindings;
}

const noCounts: SweepCounts = { scanned: 0, removed: 0, freedBytes: 0, readBytes: 0, kept: {} };

export const noFindings: SweepFindings = {
  counts: noCounts,
  usecases: [],
  damaged: 0,
  damage: [],
  undecided: 0,
  undecidedEntries: [],
};

/** `before`: what was found by whoever was at the same run before. */
export function createSweepTally(before: SweepFindings = noFindings): SweepTally {
  const usecases = createTallyByUsecase({ sum, weigh: ({ scanned }) => scanned });
  for (const { usecase, ...found } of before.usecases) usecases.add(usecase, found);
  let { counts, damaged, undecided } = before;
  const damage: SweepDamage[] = [...before.damage];
  const undecidedEntries: UndecidedEntry[] = [...before.undecidedEntries];

  return {
    add(outcome) {
      for (const { usecase, ...found } of outcome.found) {
        counts = sum(counts, found);
        usecases.add(usecase, found);
      }
      counts = sum(counts, { readBytes: outcome.readBytes ?? 0 });
      damaged += outcome.damage.length;
      addFirst(damage, outcome.damage, damageShownMax);
      undecided += outcome.undecidedEntries.length;
      addFirst(undecidedEntries, outcome.undecidedEntries, undecidedShownMax);
    },
    counts: () => counts,
    findings: () => ({
      counts,
      usecases: usecases.shown(),
      damaged,
      damage: [...damage],
      undecided,
      undecidedEntries: [...undecidedEntries],
    }),
  };
}

/** As many of `more` as there is room for. */
function addFirst<Entry>(shown: Entry[], more: readonly Entry[], shownMax: number): void {
  shown.push(...more.slice(0, Math.max(0, shownMax - shown.length)));
}

function sum(before: SweepCounts = noCounts, more: Partial<SweepCounts>): SweepCounts {
  return {
    scanned: before.scanned + (more.scanned ?? 0),
    removed: before.removed + (more.removed ?? 0),
    freedBytes: before.freedBytes + (more.freedBytes ?? 0),
    readBytes: before.readBytes + (more.readBytes ?? 0),
    kept: sumKept(before.kept, more.kept ?? {}),
  };
}

type Kept = SweepCounts['kept'];

function sumKept(before: Kept, more: Kept): Kept {
  const kept: Partial<Record<KeptReason, KeptCount>> = {};
  for (const reason of keptReasons) {
    const entries = (before[reason]?.entries ?? 0) + (more[reason]?.entries ?? 0);
    const bytes = (before[reason]?.bytes ?? 0) + (more[reason]?.bytes ?? 0);
    if (entries > 0) kept[reason] = { entries, bytes };
  }
  return kept;
}
