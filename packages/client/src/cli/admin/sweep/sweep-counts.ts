import type { sweeper } from '@holdfast/contracts';
import { keptWord, keptWords } from './sweep-words.js';

/** What a run has done, in numbers: those of the contract are as large as those of a store may get. */
export interface PlainCounts {
  readonly scanned: number;
  readonly removed: number;
  readonly freedBytes: number;
  readonly readBytes: number;
  /** Every reason, also one without entries. */
  readonly kept: Readonly<Record<(typeof keptWords)[number], PlainKept>>;
}

export interface PlainKept {
  readonly entries: number;
  readonly bytes: number;
}

export function plainCounts(counts: sweeper.SweepCounts | undefined): PlainCounts {
  return {
    scanned: Number(counts?.scanned ?? 0),
    removed: Number(counts?.removed ?? 0),
    freedBytes: Number(counts?.freedBytes ?? 0),
    readBytes: Number(counts?.readBytes ?? 0),
    kept: keptOf(counts?.kept ?? []),
  };
}

export function keptEntries({ kept }: PlainCounts): number {
  return keptWords.reduce((sum, word) => sum + kept[word].entries, 0);
}

function keptOf(all: readonly sweeper.KeptCount[]): PlainCounts['kept'] {
  const none = { entries: 0, bytes: 0 };
  const kept = { live: none, young: none, owned: none, undecided: none };
  for (const { reason, entries, bytes } of all) {
    const word = keptWord(reason);
    kept[word] = {
      entries: kept[word].entries + Number(entries),
      bytes: kept[word].bytes + Number(bytes),
    };
  }
  return kept;
}
