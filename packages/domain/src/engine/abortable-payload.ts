import { DomainError } from '../errors.js';
import type { Payload } from '../ports/long-term-tier.js';

/**
 * The same chunks, but a wait for the next one ends with `CANCELLED` as soon as `signal` aborts. The
 * source is then asked to end without waiting for it: it may be the very thing that hangs. Once the
 * payload has come to its end, `signal` means nothing any more.
 */
export function abortablePayload(payload: Payload, signal: AbortSignal | undefined): Payload {
  if (signal === undefined) return payload;
  return { [Symbol.asyncIterator]: () => abortable(payload[Symbol.asyncIterator](), signal) };
}

function abortable(
  source: AsyncIterator<Uint8Array>,
  signal: AbortSignal,
): AsyncIterator<Uint8Array> {
  // The two differ after an abort: the source was told to end, and to ask again is `CANCELLED` again.
  let isOver = false;
  let wasToldToEnd = false;

  async function tellToEnd(): Promise<void> {
    if (isOver || wasToldToEnd) return;
    wasToldToEnd = true;
    try {
      await unlessAborted(signal, Promise.resolve(source.return?.()));
    } catch (error) {
      // After an abort the source is abandoned: its caller is gone and was told why.
      if (!signal.aborted) throw error;
    }
  }

  return {
    async next() {
      if (isOver) return { done: true, value: undefined };
      try {
        if (signal.aborted) throw cancelled(signal);
        const next = await unlessAborted(signal, source.next());
        isOver = next.done === true;
        return next;
      } catch (error) {
        if (signal.aborted) void tellToEnd();
        else isOver = true;
        throw error;
      }
    },
    async return() {
      await tellToEnd();
      isOver = true;
      return { done: true, value: undefined };
    },
  };
}

/**
 * Not `Promise.race` with one promise for the whole payload: that promise would hold on to every
 * chunk it ever raced with.
 */
function unlessAborted<Value>(signal: AbortSignal, waiting: Promise<Value>): Promise<Value> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(cancelled(signal));
    const settled = (): void => signal.removeEventListener('abort', onAbort);
    waiting.finally(settled).then(resolve, reject);
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
  });
}

function cancelled(signal: AbortSignal): DomainError {
  return new DomainError({ code: 'CANCELLED' }, { cause: signal.reason });
}
