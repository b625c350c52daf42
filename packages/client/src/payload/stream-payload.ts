import { assert } from '@holdfast/domain';
import { allocateChunk } from '@holdfast/rpc';
import { Readable } from 'node:stream';
import type { CallGuard } from '../call-guard.js';
import { chunkBytes } from '../limits.js';
import { bytesPayload } from './bytes-payload.js';
import type { Payload, PayloadChunk } from './payload.js';

export type ByteStream = AsyncIterable<Uint8Array | string>;

/**
 * A stream can be read once. Its first two chunks are kept until the third is read: a stream that
 * ends before is bytes at hand, and a longer one can be sent again up to then.
 */
export async function streamPayload(stream: ByteStream, guard: CallGuard): Promise<Payload> {
  const pieces = stream[Symbol.asyncIterator]();
  const chunks = rechunk(pieces);
  try {
    const first = await guard.wait(chunks.next());
    if (first.done === true) return bytesPayload(new Uint8Array(0));
    const second = await guard.wait(chunks.next());
    if (second.done === true) return bytesPayload(first.value.bytes);
    return largePayload([first.value, second.value], chunks, () => abandon(stream, pieces));
  } catch (error) {
    abandon(stream, pieces);
    throw error;
  }
}

function largePayload(
  head: readonly PayloadChunk[],
  rest: AsyncIterator<PayloadChunk, undefined>,
  close: () => void,
): Payload {
  let isBegun = false;
  async function* chunks(): AsyncGenerator<PayloadChunk, undefined> {
    assert(!isBegun, 'what was read of a stream is gone');
    yield* head;
    isBegun = true;
    for (let next = await rest.next(); next.done !== true; next = await rest.next()) {
      yield next.value;
    }
    return undefined;
  }
  const source = { size: undefined, isRepeatable: () => !isBegun, chunks, close };
  return { kind: 'large', source };
}

/** Gathers pieces of any size into chunks of 256 KiB, which is the only copy. */
async function* rechunk(
  pieces: AsyncIterator<Uint8Array | string>,
): AsyncGenerator<PayloadChunk, undefined> {
  let chunk = allocateChunk(chunkBytes);
  let length = 0;
  for (let next = await pieces.next(); next.done !== true; next = await pieces.next()) {
    const piece = toBytes(next.value);
    for (let at = 0; at < piece.length;) {
      const part = piece.subarray(at, at + chunkBytes - length);
      chunk.target.set(part, length);
      length += part.length;
      at += part.length;
      if (length < chunkBytes) continue;
      yield { bytes: chunk.target, message: chunk.message(length) };
      chunk = allocateChunk(chunkBytes);
      length = 0;
    }
  }
  if (length > 0) {
    yield { bytes: chunk.target.subarray(0, length), message: chunk.message(length) };
  }
  return undefined;
}

function toBytes(piece: unknown): Uint8Array {
  if (typeof piece === 'string') return Buffer.from(piece);
  if (piece instanceof Uint8Array) return piece;
  throw new TypeError(`a stream to store must be of bytes or text, not of ${typeof piece}`);
}

function abandon(stream: ByteStream, pieces: AsyncIterator<unknown>): void {
  if (stream instanceof Readable) {
    stream.destroy();
    return;
  }
  // It may never answer, and like after a `break` out of a loop nobody hears of its failure.
  pieces.return?.().catch(() => undefined);
}
