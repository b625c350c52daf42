import type { Clock } from '@holdfast/domain';

export interface SparedFailuresDependencies {
  readonly clock: Clock;
}

/**
 * Which jobs keep their attempts although they have failed, because what they need is unwell for all.
 * That is believed of each for a time only: one that still fails when it is over may be why it looks so,
 * and somebody has to see it.
 */
export interface SparedFailures {
  /** It has failed while the breaker was not closed. Answers whether it keeps its attempt. */
  spare(entry: string): boolean;
  /** It has not failed any more. */
  forget(entry: string): void;
}

/** From the first such failure on. Outages end sooner as a rule. */
export const spareMsMax = 2 * 3_600_000;
/** One that has not been heard of for so long begins anew. */
const silentMsMax = 24 * 3_600_000;
/** Entries remembered. Beyond them those are forgotten that were heard of the longest ago. */
const entriesMax = 1_000;

interface Failing {
  readonly since: number;
  readonly lastAt: number;
}

export function createSparedFailures({ clock }: SparedFailuresDependencies): SparedFailures {
  // In the order in which they were heard of last.
  const failing = new Map<string, Failing>();

  function sinceWhen(entry: string, now: number): number {
    const before = failing.get(entry);
    return before === undefined || now - before.lastAt > silentMsMax ? now : before.since;
  }

  function forgetOldest(): void {
    for (const entry of failing.keys()) {
      if (failing.size <= entriesMax) return;
      failing.delete(entry);
    }
  }

  return {
    spare(entry) {
      const now = clock.now();
      const since = sinceWhen(entry, now);
      failing.delete(entry);
      failing.set(entry, { since, lastAt: now });
      forgetOldest();
      return now - since < spareMsMax;
    },

    forget: (entry) => void failing.delete(entry),
  };
}
