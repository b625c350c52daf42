import type { Clock } from '../ports/clock.js';

/** How long one step may take. */
export interface StepTimer {
  /** Aborts when the time is over, and when the caller's own signal does. */
  readonly signal: AbortSignal;
  isOver(): boolean;
  stop(): void;
}

/** By the time of day and by a timer: the one may jump, the other comes late in a busy process. */
export function startStepTimer(
  clock: Clock,
  timeMsMax: number,
  callerSignal: AbortSignal | undefined,
): StepTimer {
  const over = new AbortController();
  const stopped = new AbortController();
  const endsAt = clock.now() + timeMsMax;
  const end = (): void => over.abort(callerSignal?.reason);

  callerSignal?.addEventListener('abort', end, { signal: stopped.signal });
  if (callerSignal?.aborted === true) end();
  void clock.sleep(timeMsMax, stopped.signal).then(() => {
    if (!stopped.signal.aborted) end();
  });
  return {
    signal: over.signal,
    isOver: () => over.signal.aborted || clock.now() >= endsAt,
    stop: () => stopped.abort(),
  };
}
