import type { Payload } from '../ports/long-term-tier.js';

/** A caller's payload that is told to end exactly once, if it has not ended by itself. */
export interface PayloadSource {
  next(): Promise<IteratorResult<Uint8Array>>;
  /**
   * For when no more of it is wanted. Not waited for: it may be slow to end or fail to, and what
   * became of the put is decided already.
   */
  discard(): void;
}

export function openPayloadSource(payload: Payload): PayloadSource {
  const iterator = payload[Symbol.asyncIterator]();
  let isOver = false;
  return {
    async next() {
      if (isOver) return { done: true, value: undefined };
      try {
        const next = await iterator.next();
        isOver = next.done === true;
        return next;
      } catch (error) {
        isOver = true;
        throw error;
      }
    },
    discard() {
      if (isOver) return;
      isOver = true;
      void endQuietly(iterator);
    },
  };
}

async function endQuietly(iterator: AsyncIterator<Uint8Array>): Promise<void> {
  try {
    await iterator.return?.();
  } catch {
    // Its sender was told what became of the put. How the sending ended says nothing more.
  }
}
