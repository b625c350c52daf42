/** When the next attempt may be made after attempts that failed. */
export interface Reopening {
  /** How long to wait yet. Bounded, also when the clock has stepped back since. */
  waitMs(now: number): number;
  failed(now: number, waitMsMin?: number): void;
  succeeded(): void;
}

const firstWaitMs = 100;
const waitMsMax = 5_000;

/** Waits that double from attempt to attempt, with jitter so that clients do not come back as one. */
export function createReopening(): Reopening {
  let failures = 0;
  let notBefore = 0;
  return {
    waitMs: (now) => Math.min(notBefore - now, waitMsMax),
    failed(now, waitMsMin = 0) {
      const wait = Math.min(firstWaitMs * 2 ** failures, waitMsMax);
      failures += 1;
      notBefore = now + Math.max(wait * (0.5 + Math.random() / 2), Math.min(waitMsMin, waitMsMax));
    },
    succeeded() {
      failures = 0;
      notBefore = 0;
    },
  };
}
