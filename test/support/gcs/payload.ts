import { nativeChecksum } from '@holdfast/service-kit';
import { createHash, type Hash } from 'node:crypto';

/** What is stored of an object, never changed again. */
export interface Payload {
  readonly size: number;
  readonly crc32c: string;
  readonly md5Hash: string;
  /** The bytes from `start` to before `end`, as they were given or zeros in their place. */
  read(start: number, end: number): Iterable<Uint8Array>;
}

export interface PayloadWriter {
  readonly size: number;
  append(bytes: Uint8Array): void;
  /** Another one that goes on from here; this one stays as it is. */
  fork(): PayloadWriter;
  finish(): Payload;
}

interface WriterState {
  readonly discards: boolean;
  readonly chunks: Uint8Array[];
  readonly md5: Hash;
  size: number;
  crc32c: number;
}

const zeros = Buffer.alloc(64 * 1024);

export function createPayloadWriter(discards: boolean): PayloadWriter {
  return writerOf({ discards, chunks: [], md5: createHash('md5'), size: 0, crc32c: 0 });
}

function writerOf(state: WriterState): PayloadWriter {
  return {
    get size() {
      return state.size;
    },
    append(bytes) {
      if (bytes.length === 0) return;
      state.size += bytes.length;
      state.crc32c = nativeChecksum.crc32c(bytes, state.crc32c);
      state.md5.update(bytes);
      if (!state.discards) state.chunks.push(bytes);
    },
    fork: () => writerOf({ ...state, chunks: [...state.chunks], md5: state.md5.copy() }),
    finish: () => payloadOf(state),
  };
}

function payloadOf(state: WriterState): Payload {
  const { discards, chunks, size, crc32c } = state;
  return {
    size,
    crc32c: encodeCrc32c(crc32c),
    md5Hash: state.md5.copy().digest('base64'),
    read: (start, end) => (discards ? readZeros(end - start) : readChunks(chunks, start, end)),
  };
}

/** Base64 of its four bytes, the highest first. */
function encodeCrc32c(crc32c: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc32c);
  return bytes.toString('base64');
}

function* readChunks(
  chunks: readonly Uint8Array[],
  start: number,
  end: number,
): Generator<Uint8Array> {
  let offset = 0;
  for (const chunk of chunks) {
    if (offset >= end) return;
    const next = offset + chunk.length;
    if (next > start) yield chunk.subarray(Math.max(0, start - offset), end - offset);
    offset = next;
  }
}

function* readZeros(length: number): Generator<Uint8Array> {
  for (let left = length; left > 0; left -= zeros.length) yield zeros.subarray(0, left);
}

/** The same bytes but for one bit of the first. */
export async function* flipFirstBit(
  bytes: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  let isFirst = true;
  for await (const chunk of bytes) {
    if (!isFirst || chunk.length === 0) {
      yield chunk;
      continue;
    }
    isFirst = false;
    const copy = Uint8Array.from(chunk);
    copy[0] = (copy[0] ?? 0) ^ 1;
    yield copy;
  }
}
