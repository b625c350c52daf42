import type { Checksum, PayloadUnderWay } from '@holdfast/domain';
import { unavailable } from './errors.js';
import { createBlocks } from './payload-blocks.js';

/** What writing needs of a file. */
export interface PayloadFile {
  write(
    bytes: Uint8Array,
    offset: number,
    length: number,
    position: number,
  ): Promise<{ readonly bytesWritten: number }>;
  datasync(): Promise<void>;
}

export interface WrittenPayload {
  readonly size: number;
  readonly crc32c: number;
}

/**
 * How much may be written before the disk is told to take it. Without this a large payload stays in
 * memory and is waited for at its end, with the disk idle until then.
 */
const unflushedBytesMax = 8 * 1024 * 1024;

/**
 * Writes the payload to `file` from `start` on. While one block is being written, the next one is
 * received and its checksum computed; never more than that is in flight. The last bytes are left for
 * the caller to flush.
 */
export async function writePayload(
  file: PayloadFile,
  start: number,
  source: PayloadUnderWay,
  checksum: Checksum,
): Promise<WrittenPayload> {
  const nextBlock = createBlocks(source);
  const flusher = createFlusher(file);
  let writing = Promise.resolve();
  let size = 0;
  let crc32c = 0;
  try {
    for (;;) {
      const block = await nextBlock();
      if (block === undefined) break;
      crc32c = checksum.crc32c(block, crc32c);
      await writing;
      flusher.noteWritten(size);
      writing = writeFully(file, block, start + size);
      // Its failure is thrown by the next `await writing`; until then it is not unhandled.
      writing.catch(() => undefined);
      size += block.length;
    }
    await writing;
    await flusher.settled();
    return { size, crc32c };
  } finally {
    // The file is closed next, and must not be while a write is under way.
    await Promise.allSettled([writing, flusher.settled()]);
  }
}

interface Flusher {
  /** Begins a flush if enough has been written since the last, and that one is over. */
  noteWritten(size: number): void;
  /** Throws if any flush failed: the operating system says so only once. */
  settled(): Promise<void>;
}

function createFlusher(file: PayloadFile): Flusher {
  let flushing = Promise.resolve();
  let isFlushing = false;
  let begunAt = 0;

  async function flush(before: Promise<void>): Promise<void> {
    await before;
    await file.datasync();
    isFlushing = false;
  }

  return {
    noteWritten(size) {
      if (isFlushing || size - begunAt < unflushedBytesMax) return;
      isFlushing = true;
      begunAt = size;
      flushing = flush(flushing);
      flushing.catch(() => undefined);
    },
    settled: () => flushing,
  };
}

export async function writeFully(
  file: PayloadFile,
  bytes: Uint8Array,
  position: number,
): Promise<void> {
  let written = 0;
  while (written < bytes.length) {
    const rest = bytes.length - written;
    const { bytesWritten } = await file.write(bytes, written, rest, position + written);
    if (bytesWritten === 0) throw unavailable('the operating system wrote nothing');
    written += bytesWritten;
  }
}
