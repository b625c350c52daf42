import { chunkBytes, smallBytesMax } from '../limits.js';
import { createChunkRing } from './chunk-ring.js';
import type { Payload, PayloadChunk } from './payload.js';

/** Bytes at hand, or text as UTF-8. They are copied once, into the messages that carry them. */
export function bytesPayload(body: Uint8Array | string): Payload {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  if (bytes.length <= smallBytesMax) return { kind: 'small', bytes };
  return {
    kind: 'large',
    source: {
      size: bytes.length,
      isRepeatable: () => true,
      chunks: () => chunksOf(bytes),
      close: () => undefined,
    },
  };
}

async function* chunksOf(payload: Uint8Array): AsyncGenerator<PayloadChunk, undefined> {
  const nextChunk = createChunkRing();
  for (let at = 0; at < payload.length; at += chunkBytes) {
    const bytes = payload.subarray(at, at + chunkBytes);
    const chunk = nextChunk();
    chunk.target.set(bytes);
    yield { bytes, message: chunk.message(bytes.length) };
  }
}
