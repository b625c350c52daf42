import { DomainError, type Payload } from '@holdfast/domain';
import type { Attempts } from './attempts.js';
import { PassingFailure } from './errors.js';
import type { OpenAnswer } from './json-api.js';

/** The bytes from `position` up to `end` of one generation of an object. */
export interface MediaRange {
  readonly position: number;
  readonly end: number;
}

export interface MediaSource {
  /** The answer that has begun already. It carries the range, and may carry more. */
  readonly first: OpenAnswer;
  /** Opens the rest of the same generation; one attempt. */
  reopen(range: MediaRange, attempts: Attempts, signal: AbortSignal): Promise<OpenAnswer>;
  readonly attempts: Attempts;
  /** Aborts when the tier is closed. */
  readonly closed: AbortSignal;
}

/**
 * A download as a payload. What the reader does not ask for stays with the server, but for what is on
 * its way. A connection that is lost or stands still is replaced by one that goes on where it ended;
 * without a byte in between the attempts are bounded. The connection is closed when the payload ends,
 * fails, is returned, or `signal` aborts; `onClose` hears of that once.
 */
export function mediaPayload(
  range: MediaRange,
  source: MediaSource,
  signal: AbortSignal | undefined,
  onClose: () => void,
): Payload {
  const { attempts, closed } = source;
  let current: OpenAnswer | undefined = source.first;
  let { position } = range;
  const over = new AbortController();

  function close(): void {
    if (over.signal.aborted) return;
    over.abort();
    signal?.removeEventListener('abort', close);
    closed.removeEventListener('abort', close);
    current?.close();
    onClose();
  }

  function throwIfAborted(): void {
    if (signal?.aborted === true) throw new DomainError({ code: 'CANCELLED' });
    closed.throwIfAborted();
  }

  async function nextBytes(): Promise<Uint8Array> {
    current ??= await source.reopen({ position, end: range.end }, attempts, over.signal);
    if (over.signal.aborted) current.close();
    const bytes = await current.body.next();
    if (bytes === undefined) throw new PassingFailure(`it ended after ${position} bytes`);
    return bytes;
  }

  /** Nothing where it has to be tried again; `undefined` once nobody wants more. */
  async function nextOrRetry(): Promise<Uint8Array | undefined> {
    try {
      return await nextBytes();
    } catch (error) {
      current?.close();
      current = undefined;
      if (over.signal.aborted) return undefined;
      if (!(error instanceof PassingFailure)) throw error;
      await attempts.pauseAfter(error, over.signal);
      return new Uint8Array();
    }
  }

  async function* chunks(): AsyncGenerator<Uint8Array, undefined> {
    try {
      attempts.noteProgress();
      while (position < range.end) {
        throwIfAborted();
        const bytes = await nextOrRetry();
        throwIfAborted();
        if (bytes === undefined || over.signal.aborted) return undefined;
        if (bytes.length === 0) continue;
        const wanted = bytes.subarray(0, range.end - position);
        position += wanted.length;
        // If that was all of the answer, its connection is free to serve others at once.
        if (position === range.end) close();
        yield wanted;
        // Only now: how long the reader took is no matter of the server's.
        attempts.noteProgress();
      }
      return undefined;
    } finally {
      close();
    }
  }

  signal?.addEventListener('abort', close);
  closed.addEventListener('abort', close);
  const started = chunks();
  const iterator: AsyncIterator<Uint8Array> = {
    next: () => started.next(),
    async return() {
      // A generator that was not started has no `finally` to run.
      close();
      return started.return(undefined);
    },
  };
  return { [Symbol.asyncIterator]: () => iterator };
}
