import type { Clock } from '@holdfast/domain';
import type { Backend } from './backend.js';

/** A call that has no store to go to. It hears exactly once, unless it leaves. */
export interface Waiter {
  /** Milliseconds since 1970. */
  readonly waitUntil: number;
  /** One that is not wanted any more gives up. */
  isWanted(): boolean;
  go(backend: Backend): void;
  giveUp(): void;
}

export interface WaitingRoomOptions {
  readonly waitersMax: number;
  /** How often it is looked whether a store is ready. */
  readonly lookMs: number;
}

export interface WaitingRoomDependencies {
  readonly clock: Clock;
  readonly pick: () => Backend | undefined;
}

/**
 * Where calls wait for a store to come back, a quick restart for one. They are looked after together:
 * a call that waits costs a place in a set, no timer and no promise.
 */
export interface WaitingRoom {
  /** False when it is full. */
  enter(waiter: Waiter): boolean;
  leave(waiter: Waiter): void;
  readonly waiting: () => number;
  /** All give up, and nobody may enter any more. */
  close(): void;
}

export function createWaitingRoom(
  options: WaitingRoomOptions,
  { clock, pick }: WaitingRoomDependencies,
): WaitingRoom {
  const waiters = new Set<Waiter>();
  const closing = new AbortController();
  let isLooking = false;

  function look(): void {
    const now = clock.now();
    for (const waiter of waiters) {
      const mayGo = waiter.isWanted() && !closing.signal.aborted;
      const backend = mayGo ? pick() : undefined;
      if (backend === undefined && mayGo && now < waiter.waitUntil) continue;
      waiters.delete(waiter);
      if (backend === undefined) waiter.giveUp();
      else waiter.go(backend);
    }
  }

  async function lookUntilEmpty(): Promise<void> {
    if (isLooking) return;
    isLooking = true;
    while (waiters.size > 0) {
      await clock.sleep(options.lookMs, closing.signal);
      look();
    }
    isLooking = false;
  }

  return {
    enter(waiter) {
      if (closing.signal.aborted || waiters.size >= options.waitersMax) return false;
      waiters.add(waiter);
      void lookUntilEmpty();
      return true;
    },
    leave: (waiter) => void waiters.delete(waiter),
    waiting: () => waiters.size,
    close: () => closing.abort(),
  };
}
