import { later, type Clock, type Timestamp } from '@holdfast/domain';

/** What time it is for the store. */
export interface StoreTime {
  ask(signal: AbortSignal): Promise<Timestamp>;
  /** By our clock and how far it is from the store's, which is asked now and then. */
  estimate(signal: AbortSignal): Promise<Timestamp>;
}

export interface StoreTimeDependencies {
  readonly clock: Clock;
  /** Hears by how much the store's clock is ahead of ours. */
  readonly told: (aheadMs: number) => void;
}

/** Clocks drift slowly: the store need not be asked with every page. */
const freshMs = 60_000;

export function createStoreTime(
  askStore: (signal: AbortSignal) => Promise<Timestamp>,
  { clock, told }: StoreTimeDependencies,
): StoreTime {
  let known: { readonly aheadMs: number; readonly at: Timestamp } | undefined;

  async function ask(signal: AbortSignal): Promise<Timestamp> {
    const asked = clock.now();
    const theirs = await askStore(signal);
    const answered = clock.now();
    // Whatever lies between question and answer is as good as no difference.
    const aheadMs = theirs > answered ? theirs - answered : Math.min(0, theirs - asked);
    known = { aheadMs, at: answered };
    told(aheadMs);
    return theirs;
  }

  return {
    ask,
    async estimate(signal) {
      const ageMs = clock.now() - (known?.at ?? 0);
      // Less than none after our clock was put back, which is what the difference is about.
      if (known === undefined || ageMs < 0 || ageMs >= freshMs) return ask(signal);
      return later(clock.now(), known.aheadMs);
    },
  };
}
