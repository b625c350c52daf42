import { DomainError, type Payload } from '@holdfast/domain';

const chunkBytes = 256 * 1024;

/** The whole payload in one piece. What the payload throws passes through. */
export async function collectPayload(payload: Payload): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of payload) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/**
 * Hands out copies, since a chunk belongs to its receiver. `onEnd` runs once: at the end, on return,
 * or when `signal` aborts.
 */
export function sliceInChunks(
  bytes: Uint8Array,
  signal: AbortSignal | undefined,
  onEnd: () => void,
): Payload {
  let at = 0;
  let open = true;
  const end = (): void => {
    signal?.removeEventListener('abort', end);
    if (open) onEnd();
    open = false;
  };
  signal?.addEventListener('abort', end);
  // Not a generator: returning one that was never started would not run its `finally`.
  const iterator: AsyncIterator<Uint8Array> = {
    async next() {
      if (open && at < bytes.length) {
        const value = new Uint8Array(bytes.subarray(at, at + chunkBytes));
        at += value.length;
        return { done: false, value };
      }
      end();
      if (signal?.aborted === true) throw new DomainError({ code: 'CANCELLED' });
      return { done: true, value: undefined };
    },
    async return() {
      end();
      return { done: true, value: undefined };
    },
  };
  return { [Symbol.asyncIterator]: () => iterator };
}
