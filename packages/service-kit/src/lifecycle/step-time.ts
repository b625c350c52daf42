import type { ShutdownTime } from './shutdown-steps.js';

/** Tasks are told to end at their time, and are waited for this much longer. */
const graceMs = 500;

export interface StepTime extends ShutdownTime {
  /** From now on time passes. Beginning again changes nothing. */
  begin(): void;
  /** Resolves when nobody is waited for any more. */
  readonly over: Promise<void>;
}

/** Its timers keep the process alive: a shutdown goes on to its end. */
export function createStepTime(msMax: number): StepTime {
  const told = new AbortController();
  let endsAt: number | undefined;
  let announce: () => void = () => undefined;
  const over = new Promise<void>((resolve) => {
    announce = resolve;
  });
  return {
    over,
    signal: told.signal,
    msLeft: () =>
      endsAt === undefined ? msMax : Math.max(0, Math.ceil(endsAt - performance.now())),
    begin() {
      if (endsAt !== undefined) return;
      endsAt = performance.now() + msMax;
      setTimeout(() => told.abort(new Error('the time of the step is over')), msMax);
      setTimeout(announce, msMax + graceMs);
    },
  };
}
