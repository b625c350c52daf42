import type { Payload } from '@holdfast/domain';
import { sampleBytes } from '../../../packages/testkit/src/contracts/blob-samples.js';

export { collect, sampleBytes } from '../../../packages/testkit/src/contracts/blob-samples.js';

/** Where inline ends in these tests, unless a test is about the real threshold. */
export const thresholdBytes = 1_024;
const smallBytes = 100;
export const largeBytes = 5_000;
const chunkBytes = 700;

export function small(seed = 1): Uint8Array {
  return sampleBytes(smallBytes, seed);
}

export function large(seed = 1): Uint8Array {
  return sampleBytes(largeBytes, seed);
}

/** A source that tells what became of it. */
export interface Source {
  readonly payload: Payload;
  /** How many bytes it has handed out. */
  handedOut(): number;
  /** Whether it was read to its end, or ended early. */
  ended(): boolean;
}

/** `bytes` in chunks, and then whatever `afterwards` does instead of ending. */
export function sourceOf(
  bytes: Uint8Array,
  {
    chunk = chunkBytes,
    afterwards = async () => undefined,
  }: { readonly chunk?: number; readonly afterwards?: () => Promise<void> } = {},
): Source {
  let at = 0;
  let ended = false;
  const iterator: AsyncIterator<Uint8Array> = {
    async next() {
      if (at < bytes.length) {
        const value = bytes.slice(at, at + chunk);
        at += value.length;
        return { done: false, value };
      }
      await afterwards();
      ended = true;
      return { done: true, value: undefined };
    },
    async return() {
      ended = true;
      return { done: true, value: undefined };
    },
  };
  return {
    payload: { [Symbol.asyncIterator]: () => iterator },
    handedOut: () => at,
    ended: () => ended,
  };
}

export function inChunks(bytes: Uint8Array, chunk = chunkBytes): Payload {
  return sourceOf(bytes, { chunk }).payload;
}

export function never(): Promise<never> {
  return new Promise(() => undefined);
}

/** For a payload that nobody wants to read: one that is merely dropped would stay open. */
export async function discard(payload: Payload): Promise<void> {
  await payload[Symbol.asyncIterator]().return?.();
}
