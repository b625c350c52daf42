import type { ServerCall } from './server-call.js';

/**
 * The calls of one server.
 *
 * A Set would be the natural thing to keep them in. But with thousands of calls a second it is made
 * anew all the time, each old table refers to the next one and to the calls of its time, and the
 * garbage collector takes them all for alive until its next full run.
 */
export interface CallTable {
  /** Every call whose stream is not closed yet: those that run, and those whose end is under way. */
  open(): readonly ServerCall[];
  /** Calls whose handler has not settled, those of health and reflection left out. */
  readonly running: () => number;
  opened(call: ServerCall): void;
  settled(call: ServerCall): void;
  /** May be told again. */
  closed(call: ServerCall): void;
  /** Resolves when no call runs. */
  idle(): Promise<void>;
  /** Resolves when no call is open. */
  empty(): Promise<void>;
}

export function createCallTable(): CallTable {
  const open: ServerCall[] = [];
  let running = 0;
  let wakeIdle: (() => void) | undefined;
  let wakeEmpty: (() => void) | undefined;

  return {
    open: () => [...open],
    running: () => running,
    opened(call) {
      call.place = open.push(call) - 1;
      if (!call.internal) running += 1;
    },
    settled(call) {
      if (call.internal) return;
      running -= 1;
      if (running === 0) wakeIdle?.();
    },
    closed(call) {
      const { place } = call;
      const last = open[place] === call ? open.pop() : undefined;
      if (last === undefined) return;
      if (last !== call) {
        open[place] = last;
        last.place = place;
      }
      if (open.length === 0) wakeEmpty?.();
    },
    idle: () =>
      new Promise((resolve) => {
        wakeIdle = resolve;
        if (running === 0) resolve();
      }),
    empty: () =>
      new Promise((resolve) => {
        wakeEmpty = resolve;
        if (open.length === 0) resolve();
      }),
  };
}
