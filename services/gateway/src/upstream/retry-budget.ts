import type { Clock } from '@holdfast/domain';

export interface RetryBudgetOptions {
  /** Repetitions per call, in the long run. */
  readonly share: number;
  /** Repetitions a second that are had beside them, so that a quiet gateway can repeat at all. */
  readonly perSecond: number;
  /** What may be saved up. */
  readonly tokensMax: number;
}

/**
 * Bounds repetitions by the calls there are: when everything fails, a store that is in trouble gets a
 * tenth more to do, and not twice as much.
 */
export interface RetryBudget {
  /** A call was made. */
  earn(): void;
  /** Whether one call may be repeated. */
  spend(): boolean;
}

export function createRetryBudget(
  options: RetryBudgetOptions,
  { clock }: { readonly clock: Clock },
): RetryBudget {
  const { share, perSecond, tokensMax } = options;
  let tokens = tokensMax;
  let countedAt: number = clock.now();

  function save(amount: number): void {
    tokens = Math.min(tokensMax, tokens + amount);
  }

  return {
    earn: () => save(share),
    spend() {
      const now = clock.now();
      // The clock may step back; time that was counted is not counted again.
      save((Math.max(0, now - countedAt) / 1_000) * perSecond);
      countedAt = now;
      if (tokens < 1) return false;
      tokens -= 1;
      return true;
    },
  };
}
