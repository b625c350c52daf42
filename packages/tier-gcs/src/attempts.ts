import type { Clock } from '@holdfast/domain';
import { unavailable, type PassingFailure } from './errors.js';
import type { GcsLimits } from './options.js';
import { retryDelayMs } from './retry-policy.js';

/** How much more may be tried of one undertaking. */
export interface Attempts {
  /** How long the next attempt may take. */
  leftMs(): number;
  /** Something was achieved that a failure will not undo: patience begins anew. */
  noteProgress(): void;
  /**
   * Pauses before the next attempt, which the caller makes in any case; throws `TIER_UNAVAILABLE` when
   * there is to be none. An abort of `signal`, and the end of the tier, cut the pause short.
   */
  pauseAfter(failure: PassingFailure, signal?: AbortSignal): Promise<void>;
}

export interface AttemptsDependencies {
  readonly clock: Clock;
  readonly random: () => number;
  /** Aborts when the tier is closed. */
  readonly closed: AbortSignal;
}

/** `sendMs` is what a body may take to be sent, and is granted beyond the patience for all else. */
export function beginAttempts(
  limits: GcsLimits,
  { clock, random, closed }: AttemptsDependencies,
  sendMs = 0,
): Attempts {
  const patienceMs = limits.callMsMax + sendMs;
  let since = clock.now();
  let failures = 0;

  // A clock that was put back must not make it wait for longer.
  const leftMs = (): number => Math.min(patienceMs, patienceMs - (clock.now() - since));

  return {
    leftMs: () => Math.max(1, leftMs()),

    noteProgress() {
      since = clock.now();
      failures = 0;
    },

    async pauseAfter(failure, signal) {
      failures += 1;
      const delayMs = retryDelayMs(failures, failure.retryAfterMs, limits, random);
      if (failures >= limits.attemptsMax || delayMs >= leftMs()) {
        throw unavailable(`${failure.message} (attempt ${failures})`, failure);
      }
      await sleepUnlessAborted(clock, delayMs, signal === undefined ? [closed] : [closed, signal]);
    },
  };
}

async function sleepUnlessAborted(
  clock: Clock,
  ms: number,
  signals: readonly AbortSignal[],
): Promise<void> {
  const woken = new AbortController();
  const wake = (): void => woken.abort();
  for (const signal of signals) {
    if (signal.aborted) wake();
    signal.addEventListener('abort', wake);
  }
  await clock.sleep(ms, woken.signal);
  for (const signal of signals) signal.removeEventListener('abort', wake);
}
