import type { Payload } from '../ports/long-term-tier.js';

/** Bytes that are at hand, as a payload: no generator, for this is the path of every small object. */
export function singleChunk(bytes: Uint8Array): Payload {
  return {
    [Symbol.asyncIterator]() {
      let ended = bytes.length === 0;
      return {
        next() {
          if (ended) return Promise.resolve({ done: true, value: undefined });
          ended = true;
          return Promise.resolve({ done: false, value: bytes });
        },
        return() {
          ended = true;
          return Promise.resolve({ done: true, value: undefined });
        },
      };
    },
  };
}
