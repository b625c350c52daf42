import { DomainError } from '../errors.js';
import type { Clock } from '../ports/clock.js';
import type { SweepNoted } from '../ports/sweep-ledger.js';

/**
 * Work that goes on for longer has come to nothing. A step may look at a page of a long listing and make
 * some twenty calls about it, each of which has a deadline of its own.
 */
const workMsMax = 15 * 60_000;

/**
 * Does what takes long while the lease of a run stays its own. Rejects as the work does, and with
 * `TIER_UNAVAILABLE` when that does not end. `lost`: nobody waits for it any more.
 */
export type LeaseKeeper = <Result>(
  work: (signal: AbortSignal) => Promise<Result>,
) => Promise<KeptLease<Result>>;

export type KeptLease<Result> =
  { readonly kind: 'kept'; readonly result: Result } | { readonly kind: 'lost' };

export interface LeaseKeeperOptions {
  /** The lease is renewed so often. `Infinity`: never, nor has the work an end that is not its own. */
  readonly renewEveryMs: number;
}

export interface LeaseKeeperDependencies {
  readonly renew: () => Promise<SweepNoted>;
  readonly clock: Clock;
  /** Ends the work, which is asked to end by it. */
  readonly signal: AbortSignal;
}

/** For one run: once it has given up on work, it aborts all that comes after, too. */
export function createLeaseKeeper(
  { renewEveryMs }: LeaseKeeperOptions,
  { renew, clock, signal }: LeaseKeeperDependencies,
): LeaseKeeper {
  const givenUp = new AbortController();
  const either = AbortSignal.any([signal, givenUp.signal]);

  async function isLost(): Promise<boolean> {
    // Whatever is wrong with the ledger, the note after the work finds out.
    const renewed = await renew().catch(() => 'go-on' as const);
    return renewed === 'lost';
  }

  async function keep<Result>(
    working: Promise<Result>,
    over: AbortSignal,
  ): Promise<KeptLease<Result>> {
    for (let workedMs = 0; workedMs < workMsMax; workedMs += renewEveryMs) {
      await clock.sleep(renewEveryMs, over);
      if (over.aborted) return { kind: 'kept', result: await working };
      if ((await isLost()) && !over.aborted) {
        givenUp.abort();
        return { kind: 'lost' };
      }
    }
    const why = `a step of a sweep has not ended after ${workMsMax} ms`;
    const tooLong = new DomainError({ code: 'TIER_UNAVAILABLE', tier: 'the tiered store', why });
    givenUp.abort(tooLong);
    throw tooLong;
  }

  return async (work) => {
    if (renewEveryMs === Infinity) return { kind: 'kept', result: await work(signal) };
    const over = new AbortController();
    const working = work(either).finally(() => over.abort());
    // Whoever has given up on it does not look at how it ends.
    working.catch(() => undefined);
    return keep(working, over.signal);
  };
}
