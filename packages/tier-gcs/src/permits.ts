import type { Clock } from '@holdfast/domain';
import { unavailable } from './errors.js';

/** Lets so many go on at once; the others wait in the order they came. */
export interface Permits {
  /** Resolves to what gives the permit back, which may be called more than once. */
  take(waitMsMax: number, signal: AbortSignal): Promise<() => void>;
  /** The same at once, or not at all if no more than `kept` would be free. */
  tryTake(kept: number): (() => void) | undefined;
  taken(): number;
}

export function createPermits(what: string, max: number, clock: Clock): Permits {
  const waiting = new Set<() => void>();
  let free = max;

  function grant(): () => void {
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      const [next] = waiting;
      if (next === undefined) free += 1;
      else next();
    };
  }

  /** Whether its turn came. Whoever wakes it has removed it, and has left the permit to it. */
  async function wait(waitMsMax: number, signal: AbortSignal): Promise<boolean> {
    const woken = new AbortController();
    const onAbort = (): void => woken.abort();
    const wake = (): void => {
      waiting.delete(wake);
      woken.abort();
    };
    waiting.add(wake);
    signal.addEventListener('abort', onAbort);
    await clock.sleep(waitMsMax, woken.signal);
    signal.removeEventListener('abort', onAbort);
    return !waiting.delete(wake);
  }

  return {
    async take(waitMsMax, signal) {
      signal.throwIfAborted();
      if (free > 0) {
        free -= 1;
        return grant();
      }
      if (await wait(waitMsMax, signal)) return grant();
      signal.throwIfAborted();
      throw unavailable(
        `${max} ${what} are under way already, and none ended within ${waitMsMax} ms`,
      );
    },

    tryTake(kept) {
      if (free <= kept) return undefined;
      free -= 1;
      return grant();
    },

    taken: () => max - free,
  };
}
