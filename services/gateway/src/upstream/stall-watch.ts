import type { Clock } from '@holdfast/domain';

/** One stream under watch. */
export interface Watch {
  /** The stream waits for the store from now on. */
  waiting(msMax: number): void;
  /** The store did its part. */
  moved(): void;
  end(): void;
}

/**
 * Finds streams that wait too long for a store. They are looked after together, and time is counted in
 * looks: a stream costs no timers, and a clock that is set does not end it.
 */
export interface StallWatch {
  begin(stalled: () => void): Watch;
}

interface Watched {
  readonly stalled: () => void;
  looksLeft: number;
}

export function createStallWatch(
  { lookMs }: { readonly lookMs: number },
  { clock }: { readonly clock: Clock },
): StallWatch {
  const all = new Set<Watched>();
  let isLooking = false;

  async function lookUntilEmpty(): Promise<void> {
    if (isLooking) return;
    isLooking = true;
    while (all.size > 0) {
      await clock.sleep(lookMs);
      for (const watched of all) {
        watched.looksLeft -= 1;
        if (watched.looksLeft >= 0) continue;
        all.delete(watched);
        watched.stalled();
      }
    }
    isLooking = false;
  }

  return {
    begin(stalled) {
      const watched: Watched = { stalled, looksLeft: Infinity };
      all.add(watched);
      void lookUntilEmpty();
      return {
        waiting(msMax) {
          watched.looksLeft = Math.ceil(msMax / lookMs);
        },
        moved() {
          watched.looksLeft = Infinity;
        },
        end: () => void all.delete(watched),
      };
    },
  };
}
