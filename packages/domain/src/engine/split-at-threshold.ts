import { gatherBufferBytes, gatheredChunksMax } from '../limits.js';
import type { Payload } from '../ports/long-term-tier.js';
import type { PayloadSource } from './payload-source.js';

/** A payload, told apart by what it turned out to be, not by what its sender said it was. */
export type SplitPayload =
  | { readonly kind: 'small'; readonly bytes: Uint8Array }
  /** All bytes, those read already first. */
  | { readonly kind: 'large'; readonly payload: Payload };

/**
 * Reads at most `thresholdBytes` and one chunk more. A payload in one chunk is passed on as it is;
 * one in a thousand tiny chunks is gathered, so that holding it costs its bytes and not its pieces.
 */
export async function splitAtThreshold(
  source: PayloadSource,
  thresholdBytes: number,
): Promise<SplitPayload> {
  const gathered = createGatherer();
  while (gathered.size() <= thresholdBytes) {
    const next = await source.next();
    if (next.done === true) return { kind: 'small', bytes: joined(gathered.chunks()) };
    if (next.value.length > 0) gathered.add(next.value);
  }
  const head = gathered.chunks();
  return { kind: 'large', payload: { [Symbol.asyncIterator]: () => resumed(head, source) } };
}

function resumed(head: readonly Uint8Array[], source: PayloadSource): AsyncIterator<Uint8Array> {
  const waiting = head.values();
  return {
    async next() {
      const first = waiting.next();
      return first.done === true ? source.next() : first;
    },
    async return() {
      source.discard();
      return { done: true, value: undefined };
    },
  };
}

interface Gatherer {
  add(chunk: Uint8Array): void;
  size(): number;
  chunks(): readonly Uint8Array[];
}

function createGatherer(): Gatherer {
  const chunks: Uint8Array[] = [];
  let size = 0;
  let tail = new Uint8Array(0);
  let tailUsed = 0;

  function closeTail(): void {
    if (tailUsed === 0) return;
    chunks.push(tail.subarray(0, tailUsed));
    // What was handed over is not ours to write to any more.
    tail = tail.subarray(tailUsed);
    tailUsed = 0;
  }

  return {
    add(chunk) {
      size += chunk.length;
      if (chunks.length < gatheredChunksMax || chunk.length > gatherBufferBytes) {
        closeTail();
        chunks.push(chunk);
        return;
      }
      if (tailUsed + chunk.length > tail.length) {
        closeTail();
        tail = new Uint8Array(gatherBufferBytes);
      }
      tail.set(chunk, tailUsed);
      tailUsed += chunk.length;
    },
    size: () => size,
    chunks: () => {
      closeTail();
      return chunks;
    },
  };
}

function joined(chunks: readonly Uint8Array[]): Uint8Array {
  const [only] = chunks;
  if (only !== undefined && chunks.length === 1) return only;
  const bytes = new Uint8Array(chunks.reduce((size, chunk) => size + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}
