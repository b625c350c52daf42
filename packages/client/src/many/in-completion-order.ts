export type Items<T> = Iterable<T> | AsyncIterable<T>;

/** How many of the items are at work is bounded; a result that is not taken keeps its place. */
export interface CompletionOrder<T, R> {
  readonly items: Items<T>;
  readonly concurrencyMax: number;
  /** Must not reject. */
  readonly run: (item: T, index: number) => Promise<R>;
  /** Ends the wait for results. Who aborts it sees to what is under way. */
  readonly signal: AbortSignal;
}

/**
 * Results in the order of completion:
 *
 * 1. take items one by one while there is room, and start each;
 * 2. hand out results as they come, which makes room;
 * 3. end after the last result of the last item. When the items end with an error, the results of
 *    those before it come first.
 *
 * On leaving, no further item is taken; the items' own end is not waited for.
 */
export async function* inCompletionOrder<T, R>(
  order: CompletionOrder<T, R>,
): AsyncGenerator<R, undefined> {
  const { items, concurrencyMax, run, signal } = order;
  const results: R[] = [];
  const changed = createBell();
  const taken = createBell();
  let running = 0;
  const consumer = { isGone: false };
  let end: { readonly failure?: { readonly error: unknown } } | undefined;

  const start = async (item: T, index: number): Promise<void> => {
    running += 1;
    results.push(await run(item, index));
    running -= 1;
    changed.ring();
  };
  const isFull = (): boolean => running + results.length >= concurrencyMax && !consumer.isGone;
  const room = async (): Promise<void> => {
    while (isFull()) await taken.wait();
  };
  let index = 0;
  const admit = (item: T): Promise<void> | undefined => {
    void start(item, index);
    index += 1;
    return isFull() ? room() : undefined;
  };
  const produce = async (): Promise<void> => {
    // Items at hand are not waited for: that takes several turns of the microtask queue each.
    if (Symbol.iterator in items) {
      for (const item of items) {
        if (consumer.isGone) return;
        const waiting = admit(item);
        if (waiting !== undefined) await waiting;
      }
    } else {
      for await (const item of items) {
        if (consumer.isGone) return;
        await admit(item);
      }
    }
  };
  const finish = (failure?: { readonly error: unknown }): void => {
    end = failure === undefined ? {} : { failure };
    changed.ring();
  };
  produce().then(
    () => finish(),
    (error: unknown) => finish({ error }),
  );
  signal.addEventListener('abort', changed.ring, { once: true });
  try {
    while (!signal.aborted) {
      const result = results.shift();
      if (result !== undefined) {
        yield result;
        taken.ring();
      } else if (end !== undefined && running === 0) {
        if (end.failure !== undefined) throw end.failure.error;
        return undefined;
      } else {
        await changed.wait();
      }
    }
    return undefined;
  } finally {
    consumer.isGone = true;
    taken.ring();
    signal.removeEventListener('abort', changed.ring);
  }
}

/** Wakes the one who waits, or the next one who will. */
interface Bell {
  readonly ring: () => void;
  readonly wait: () => Promise<void>;
}

function createBell(): Bell {
  let hasRung = false;
  let wake: (() => void) | undefined;
  return {
    ring() {
      hasRung = true;
      wake?.();
    },
    async wait() {
      if (!hasRung) await new Promise<void>((resolve) => (wake = resolve));
      hasRung = false;
      wake = undefined;
    },
  };
}
