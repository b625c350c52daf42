import type { Clock } from '@holdfast/domain';

/** One timer for all operations of a stream, which runs only while there are any. */
export interface OverdueWatch {
  /** There is something to watch. */
  wake(): void;
  stop(): void;
}

/** `check` answers overdue operations, and says whether others are left. */
export function createOverdueWatch(
  everyMs: number,
  check: () => boolean,
  { clock }: { readonly clock: Clock },
): OverdueWatch {
  const stopping = new AbortController();
  let isAwake = false;

  async function watch(): Promise<void> {
    do {
      await clock.sleep(everyMs, stopping.signal);
    } while (!stopping.signal.aborted && check());
    isAwake = false;
  }

  return {
    wake() {
      if (isAwake) return;
      isAwake = true;
      void watch();
    },
    stop: () => stopping.abort(),
  };
}
