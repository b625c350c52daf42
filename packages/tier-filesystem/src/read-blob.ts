import { assert, DomainError, type ByteSpan, type Payload } from '@holdfast/domain';
import type { FileHandle } from 'node:fs/promises';
import { ofWrongSize, tierError } from './errors.js';

/** One call of the operating system; a larger one is not faster, half of it is by a third slower. */
const readBytes = 512 * 1024;
/** What is handed out: the size that a message of the API carries. */
const chunkBytes = 256 * 1024;

export interface OpenedRange extends ByteSpan {
  readonly file: FileHandle;
  readonly where: string;
}

/**
 * The bytes of an open file. The next ones are read while the consumer works on those before. The file
 * is closed when the payload ends, fails, is returned, or `signal` aborts.
 */
export function readPayload(range: OpenedRange, signal: AbortSignal | undefined): Payload {
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => {
    signal?.removeEventListener('abort', onAbort);
    return (closing ??= range.file.close());
  };
  // Also if nobody ever asks for a chunk. Reads under way end before the file is closed.
  const onAbort = (): void => void close().catch(() => undefined);
  signal?.addEventListener('abort', onAbort);
  const chunks = readChunks(range, signal, close);
  const iterator: AsyncIterator<Uint8Array> = {
    next: () => chunks.next(),
    async return() {
      // A generator that was not started has no `finally` to run.
      await close();
      return chunks.return(undefined);
    },
  };
  return { [Symbol.asyncIterator]: () => iterator };
}

async function* readChunks(
  range: OpenedRange,
  signal: AbortSignal | undefined,
  close: () => Promise<void>,
): AsyncGenerator<Uint8Array, undefined> {
  const end = range.offset + range.length;
  let position = range.offset;
  let ahead: Promise<Uint8Array> | undefined;
  try {
    while (position < end) {
      if (signal?.aborted === true) throw new DomainError({ code: 'CANCELLED' });
      const bytes = await (ahead ?? readSome(range, position, end));
      position += bytes.length;
      ahead = position < end ? readSome(range, position, end) : undefined;
      // Its failure is thrown when it is awaited; until then it is not unhandled.
      ahead?.catch(() => undefined);
      for (let at = 0; at < bytes.length; at += chunkBytes) {
        yield bytes.subarray(at, at + chunkBytes);
      }
    }
    return undefined;
  } catch (error) {
    throw signal?.aborted === true ? new DomainError({ code: 'CANCELLED' }) : tierError(error);
  } finally {
    await ahead?.catch(() => undefined);
    await close();
  }
}

async function readSome(range: OpenedRange, position: number, end: number): Promise<Uint8Array> {
  const length = Math.min(readBytes, end - position);
  assert(length > 0, 'a chunk is never empty');
  // Never from a pool and never reused: the receiver owns the bytes.
  const bytes = Buffer.allocUnsafeSlow(length);
  const { bytesRead } = await range.file.read(bytes, 0, length, position);
  if (bytesRead === 0) throw ofWrongSize(range.where, `it ends after ${position} bytes`);
  return bytes.subarray(0, bytesRead);
}
