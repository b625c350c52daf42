import { sweeper } from '@holdfast/contracts';
import { UsageError } from '../../usage-error.js';

const { KeptReason, SweepKind, SweepState } = sweeper;

/* The words of the contract as the command line has them. They do not change. */

const kinds = new Map<string, sweeper.SweepKind>([
  ['recover', SweepKind.RECOVER_CHANGES],
  ['orphans', SweepKind.RECLAIM_ORPHANS],
  ['expire', SweepKind.EXPIRE_OBJECTS],
  ['verify', SweepKind.VERIFY_OBJECTS],
]);

export const kindWords: readonly string[] = [...kinds.keys()];

export function parseKind(flag: string, text: string): sweeper.SweepKind {
  const kind = kinds.get(text);
  if (kind !== undefined) return kind;
  throw new UsageError(`--${flag} must be one of ${kindWords.join(', ')}; given ${text}`);
}

/** One that a newer sweeper has is told apart by nothing. */
export function kindWord(kind: sweeper.SweepKind): string {
  return kindWords.find((word) => kinds.get(word) === kind) ?? 'unknown';
}

/**
 * What becomes of the entries that a run counts as removed: some it hands to a queue, others it removes
 * itself. `undefined`: it removes none, and reads them.
 */
export function removedWords(kind: sweeper.SweepKind, isDryRun: boolean): string | undefined {
  const wouldBe = isDryRun ? 'would be ' : '';
  switch (kind) {
    case SweepKind.RECOVER_CHANGES:
    case SweepKind.RECLAIM_ORPHANS:
      return `${wouldBe}queued`;
    case SweepKind.EXPIRE_OBJECTS:
    case SweepKind.UNSPECIFIED:
    case SweepKind.UNRECOGNIZED:
      return `${wouldBe}removed`;
    case SweepKind.VERIFY_OBJECTS:
      return undefined;
  }
}

export function sweepStateWord(state: sweeper.SweepState): string {
  switch (state) {
    case SweepState.RUNNING:
      return 'running';
    case SweepState.ENDED:
      return 'ended';
    case SweepState.CANCELLED:
      return 'cancelled';
    case SweepState.FAILED:
      return 'failed';
    case SweepState.UNSPECIFIED:
    case SweepState.UNRECOGNIZED:
      return 'unknown';
  }
}

export const keptWords = ['live', 'young', 'owned', 'undecided'] as const;

/** A reason that a newer sweeper has is one we cannot tell. */
export function keptWord(reason: sweeper.KeptReason): (typeof keptWords)[number] {
  switch (reason) {
    case KeptReason.LIVE:
      return 'live';
    case KeptReason.YOUNG:
      return 'young';
    case KeptReason.OWNED:
      return 'owned';
    case KeptReason.UNDECIDED:
    case KeptReason.UNSPECIFIED:
    case KeptReason.UNRECOGNIZED:
      return 'undecided';
  }
}
