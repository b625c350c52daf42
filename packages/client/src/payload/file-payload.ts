import { createReadStream } from 'node:fs';
import { open, stat, type FileHandle } from 'node:fs/promises';
import type { CallGuard } from '../call-guard.js';
import { chunkBytes, smallBytesMax } from '../limits.js';
import { bytesPayload } from './bytes-payload.js';
import { createChunkRing } from './chunk-ring.js';
import type { Payload, PayloadChunk } from './payload.js';
import { streamPayload } from './stream-payload.js';

/**
 * A file by its path: it is opened anew for each attempt, and what it holds by then is sent. Pipes
 * and devices can be read once only, and are streams.
 */
export async function filePayload(file: string | URL, guard: CallGuard): Promise<Payload> {
  const stats = await stat(file);
  if (!stats.isFile()) return streamPayload(createReadStream(file), guard);
  if (stats.size <= smallBytesMax) return bytesPayload(await readSmall(file));
  return {
    kind: 'large',
    source: {
      size: stats.size,
      isRepeatable: () => true,
      chunks: () => chunksOf(file),
      close: () => undefined,
    },
  };
}

/** A file may grow between two looks at it, and those of /proc never say how much they hold. */
async function readSmall(file: string | URL): Promise<Uint8Array> {
  const handle = await open(file);
  try {
    return await handle.readFile();
  } finally {
    await handle.close();
  }
}

async function* chunksOf(file: string | URL): AsyncGenerator<PayloadChunk, undefined> {
  const nextChunk = createChunkRing();
  const handle = await open(file);
  try {
    for (;;) {
      const chunk = nextChunk();
      const length = await fill(handle, chunk.target);
      if (length > 0) {
        yield { bytes: chunk.target.subarray(0, length), message: chunk.message(length) };
      }
      if (length < chunkBytes) return undefined;
    }
  } finally {
    await handle.close();
  }
}

/** One read may answer less than there is. */
async function fill(handle: FileHandle, target: Uint8Array): Promise<number> {
  let length = 0;
  while (length < target.length) {
    const { bytesRead } = await handle.read(target, length, target.length - length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return length;
}
