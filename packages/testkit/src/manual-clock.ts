import { assert, later, type Clock, type Timestamp } from '@holdfast/domain';

/** A clock that only moves when it is told to. */
export interface ManualClock extends Clock {
  /** Lets time pass and wakes those whose sleep is over, the earliest first. */
  advance(ms: number): void;
  /** Sets the time of day, forward or backward. Sleepers do not notice: they wait for time to pass. */
  set(time: Timestamp): void;
  /** How many are asleep. */
  sleepers(): number;
}

interface Sleeper {
  readonly due: number;
  readonly wake: () => void;
}

const startDefault = 1_700_000_000_000 as Timestamp;

export function createManualClock(start: Timestamp = startDefault): ManualClock {
  let time = start;
  let passedMs = 0;
  const sleepers = new Set<Sleeper>();

  return {
    now: () => time,

    sleep: (ms, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted === true || ms <= 0) return resolve();
        const wake = (): void => {
          sleepers.delete(sleeper);
          signal?.removeEventListener('abort', wake);
          resolve();
        };
        const sleeper = { due: passedMs + ms, wake };
        sleepers.add(sleeper);
        signal?.addEventListener('abort', wake);
      }),

    advance(ms) {
      assert(Number.isSafeInteger(ms) && ms >= 0, 'time passes in whole milliseconds');
      passedMs += ms;
      time = later(time, ms);
      const due = [...sleepers].filter((sleeper) => sleeper.due <= passedMs);
      // The sort is stable: of two that are due together, the one asleep longer wakes first.
      for (const { wake } of due.toSorted((a, b) => a.due - b.due)) wake();
    },

    set(next) {
      time = next;
    },

    sleepers: () => sleepers.size,
  };
}
