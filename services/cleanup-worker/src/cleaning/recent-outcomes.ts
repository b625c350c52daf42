import type { Clock } from '@holdfast/domain';

export interface RecentOutcomesOptions {
  /** So many subjects are remembered, those heard of last. */
  readonly subjectsMax: number;
  /** What is older says nothing about now. */
  readonly ageMsMax: number;
  /** Fewer subjects that fail may have themselves to blame. */
  readonly failedMin: number;
}

/** How it went lately for each of many subjects, by its last outcome alone. */
export interface RecentOutcomes {
  add(subject: string, wentWell: boolean): void;
  /**
   * Whether what all of them need is to blame: several have failed, and more than have not. One that
   * fails again and again counts once.
   */
  mostFail(): boolean;
  clear(): void;
}

interface Outcome {
  readonly wentWell: boolean;
  readonly at: number;
}

export function createRecentOutcomes(
  { subjectsMax, ageMsMax, failedMin }: RecentOutcomesOptions,
  { clock }: { readonly clock: Clock },
): RecentOutcomes {
  // In the order in which they were heard of last.
  const outcomes = new Map<string, Outcome>();

  function forgetOldest(): void {
    for (const subject of outcomes.keys()) {
      if (outcomes.size <= subjectsMax) return;
      outcomes.delete(subject);
    }
  }

  return {
    add(subject, wentWell) {
      outcomes.delete(subject);
      outcomes.set(subject, { wentWell, at: clock.now() });
      forgetOldest();
    },

    mostFail() {
      const since = clock.now() - ageMsMax;
      const recent = [...outcomes.values()].filter(({ at }) => at >= since);
      const failed = recent.filter(({ wentWell }) => !wentWell).length;
      return failed >= failedMin && failed > recent.length - failed;
    },

    clear: () => outcomes.clear(),
  };
}
