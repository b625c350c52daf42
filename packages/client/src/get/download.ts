import type { ByteSpan } from '@holdfast/domain';
import { crc32c } from '@node-rs/crc32';
import { dataLoss, withPublicErrors } from '../errors.js';
import { gatheredBytesMax } from '../limits.js';
import type { ObjectInfo } from '../object-info.js';
import type { Progress } from '../put/put-options.js';

/**
 * An object that was found, and its payload. The payload can be read once, by one of `body`, `bytes`
 * and `text`; read it to its end, leave the loop, or `cancel`. One that is left alone holds a call,
 * which the server ends after 30 seconds without a byte.
 *
 * A whole payload is compared to its checksum: reading fails with `DATA_LOSS` before the last chunk
 * is handed out when it does not match.
 */
export interface Download {
  readonly info: ObjectInfo;
  /** Which bytes of the payload these are: all of them where no range was asked for. */
  readonly span: ByteSpan;
  /** The payload, chunk by chunk as it arrives. Reading no further holds the sender back. */
  readonly body: AsyncIterable<Uint8Array>;
  /** The payload in one piece, of at most 1 GiB. */
  bytes(): Promise<Uint8Array>;
  /** The payload as UTF-8. */
  text(): Promise<string>;
  /** Lets go of the payload. Whoever reads it fails with `CANCELLED`. */
  cancel(): void;
}

/** Where the bytes of a download come from. */
export interface ChunkReader {
  next(): Promise<Uint8Array | undefined>;
  cancel(): void;
}

export function createDownload(
  info: ObjectInfo,
  span: ByteSpan,
  reader: ChunkReader,
  onProgress: ((progress: Progress) => void) | undefined,
): Download {
  let isTaken = false;
  const take = (): AsyncIterator<Uint8Array, undefined> => {
    if (isTaken) throw new TypeError('the payload of a download can be read once');
    isTaken = true;
    const chunks = verifiedChunks(info, span, reader, onProgress);
    return {
      next: () => withPublicErrors(() => chunks.next()),
      async return() {
        reader.cancel();
        return { done: true, value: undefined };
      },
    };
  };
  const bytes = (): Promise<Uint8Array> => gather(take(), span.length);
  return {
    info,
    span,
    body: { [Symbol.asyncIterator]: take },
    bytes,
    text: async () => new TextDecoder().decode(await bytes()),
    cancel: () => reader.cancel(),
  };
}

async function* verifiedChunks(
  info: ObjectInfo,
  span: ByteSpan,
  reader: ChunkReader,
  onProgress: ((progress: Progress) => void) | undefined,
): AsyncGenerator<Uint8Array, undefined> {
  const isWhole = span.length === info.size;
  let received = 0;
  let checksum = 0;
  for (let chunk = await reader.next(); chunk !== undefined;) {
    if (isWhole) checksum = crc32c(chunk, checksum);
    received += chunk.length;
    // The last chunk waits for the end, and whether it ends well.
    const following = received < span.length ? undefined : await reader.next();
    const isLast = received === span.length && following === undefined;
    if (isLast && isWhole && checksum !== info.crc32c) {
      reader.cancel();
      throw dataLoss('the bytes received are not the bytes that were written');
    }
    onProgress?.({ bytes: received, total: span.length });
    yield chunk;
    chunk = isLast ? undefined : (following ?? (await reader.next()));
  }
  return undefined;
}

async function gather(
  chunks: AsyncIterator<Uint8Array, undefined>,
  length: number,
): Promise<Uint8Array> {
  if (length > gatheredBytesMax) {
    await chunks.return?.();
    throw new RangeError(`a payload of ${length} bytes is too large for one piece: read its body`);
  }
  const first = await chunks.next();
  if (first.done === true) return new Uint8Array(0);
  if (first.value.length === length) return detached(first.value);
  const target = Buffer.allocUnsafeSlow(length);
  let at = 0;
  for (let next: IteratorResult<Uint8Array> = first; next.done !== true;) {
    target.set(next.value, at);
    at += next.value.length;
    next = await chunks.next();
  }
  return target;
}

/** A view keeps all of the message alive that it came in, which may hold a thousand others. */
export function detached(bytes: Uint8Array): Uint8Array {
  return bytes.length * 2 < bytes.buffer.byteLength ? bytes.slice() : bytes;
}
