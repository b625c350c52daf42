import type { Clock } from '@holdfast/domain';

/** Somebody who waits. It ends once; what comes later is ignored. */
export interface Wait<Value> {
  resolve(value: Value): void;
  reject(cause: unknown): void;
}

export interface WaitOptions<Value> {
  readonly signal: AbortSignal | undefined;
  readonly timeout?:
    { readonly ms: number; readonly clock: Clock; readonly error: () => Error } | undefined;
  /** Joins the line; answers how to leave it. */
  begin(wait: Wait<Value>): () => void;
}

/**
 * Waits in a line until resolved, until `signal` aborts or until the time is over. Who gives up has
 * left the line before anybody hears of it, and nothing stays behind on the signal or the clock.
 */
export function waitFor<Value>(options: WaitOptions<Value>): Promise<Value> {
  const { signal, timeout } = options;
  return new Promise((resolve, reject) => {
    const overtime = new AbortController();

    function settle(): void {
      signal?.removeEventListener('abort', abort);
      overtime.abort();
    }
    function giveUp(cause: unknown): void {
      if (overtime.signal.aborted) return;
      settle();
      leave();
      reject(cause);
    }
    function abort(): void {
      giveUp(signal?.reason);
    }

    const leave = options.begin({
      resolve(value) {
        settle();
        resolve(value);
      },
      reject: giveUp,
    });
    signal?.addEventListener('abort', abort);
    if (timeout !== undefined) {
      void timeout.clock.sleep(timeout.ms, overtime.signal).then(() => giveUp(timeout.error()));
    }
  });
}
