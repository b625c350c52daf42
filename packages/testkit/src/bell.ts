import type { Clock } from '@holdfast/domain';

/** Wakes whoever waits for something to change. A ring that nobody waits for is not kept. */
export interface Bell {
  ring(): void;
  /** Resolves when it rings, when `ms` have passed or when `signal` aborts. Never rejects. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
}

export function createBell(clock: Clock): Bell {
  let ringing = new AbortController();
  return {
    ring() {
      const rung = ringing;
      ringing = new AbortController();
      rung.abort();
    },
    wait: (ms, signal) => clock.sleep(ms, AbortSignal.any([signal, ringing.signal])),
  };
}
