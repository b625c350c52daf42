import type { Payload } from './ports/long-term-tier.js';

/** For adapters: a payload under way, whose errors can be told from those of the storage. */
export interface PayloadUnderWay {
  /** The next chunk; `undefined` at the end. */
  pull(): Promise<Uint8Array | undefined>;
  /**
   * Tells the payload that nothing more is wanted, unless it has ended or failed by itself. Not while
   * a chunk is owed: a generator answers this only after that.
   */
  end(): Promise<void>;
  /** Whether this is what the payload threw: such an error is none of ours and passes through. */
  threw(error: unknown): boolean;
}

export function openPayload(payload: Payload): PayloadUnderWay {
  const iterator = payload[Symbol.asyncIterator]();
  let isOver = false;
  let failure: { readonly error: unknown } | undefined;

  return {
    async pull() {
      try {
        const next = await iterator.next();
        isOver = next.done === true;
        return next.done === true ? undefined : next.value;
      } catch (error) {
        isOver = true;
        failure = { error };
        throw error;
      }
    },

    async end() {
      if (isOver) return;
      isOver = true;
      try {
        await iterator.return?.();
      } catch {
        // Why it could not end tidily does not matter to a write that has failed already.
      }
    },

    threw: (error) => failure !== undefined && failure.error === error,
  };
}
