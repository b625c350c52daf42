import type { Clock } from '@holdfast/domain';

export interface RecentOutcomesOptions {
  /** So many subjects are remembered, those heard of last. */
  readonly subjectsMax: number;
  /** What is older says nothing about now. */
  readonly ageMsMax: number;
  /** Fewer subjects that fail may have themselves to blame. */
  readonly failedMin: number;
  /** A success that is older does not speak for what they need any more. */
  readonly successMsMax: number;
}

/** How it went lately for each of many subjects, by its last outcome alone. */
export interface RecentOutcomes {
  add(subject: string, wentWell: boolean): void;
  /**
   * Whether what all of them need is to blame: several have failed, and more than have not; or two have,
   * and nothing has gone well of late. One that fails again and again counts once.
   */
  mostFail(): boolean;
  clear(): void;
}

/** Where little is to do there are never several, and each would run out of attempts before the next. */
const failedMinWithoutSuccess = 2;

interface Outcome {
  readonly wentWell: boolean;
  readonly at: number;
}

export function createRecentOutcomes(
  { subjectsMax, ageMsMax, failedMin, successMsMax }: RecentOutcomesOptions,
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
      const now = clock.now();
      const recent = [...outcomes.values()].filter(({ at }) => now - at <= ageMsMax);
      const failed = recent.filter(({ wentWell }) => !wentWell).length;
      if (failed >= failedMin && failed > recent.length - failed) return true;
      const hasSuccess = recent.some(({ wentWell, at }) => wentWell && now - at <= successMsMax);
      return failed >= failedMinWithoutSuccess && !hasSuccess;
    },

    clear: () => outcomes.clear(),
  };
}
