import type { PayloadUnderWay } from '@holdfast/domain';

/** Smaller chunks are gathered into writes of this size. */
const blockBytes = 256 * 1024;
/** Larger chunks are cut, so that no checksum holds up the process for long. */
const blockBytesMax = 1024 * 1024;

/**
 * The payload in blocks worth a write; `undefined` at its end. A block stays as it is until two more
 * have been asked for, so one may be written while the next is gathered. Holds at most two blocks
 * and one chunk.
 */
export function createBlocks(source: PayloadUnderWay): () => Promise<Uint8Array | undefined> {
  let gathering: Uint8Array | undefined;
  let resting: Uint8Array | undefined;
  let rest: Uint8Array | undefined;

  async function nextChunk(): Promise<Uint8Array | undefined> {
    const chunk = rest ?? (await source.pull());
    rest = undefined;
    return chunk;
  }

  function cut(chunk: Uint8Array, bytes: number): Uint8Array {
    if (chunk.length > bytes) rest = chunk.subarray(bytes);
    return chunk.subarray(0, bytes);
  }

  function swap(): Uint8Array {
    [gathering, resting] = [resting, gathering];
    gathering ??= Buffer.allocUnsafeSlow(blockBytes);
    return gathering;
  }

  return async () => {
    let block: Uint8Array | undefined;
    let filled = 0;
    while (filled < blockBytes) {
      const chunk = await nextChunk();
      if (chunk === undefined) break;
      if (filled === 0 && chunk.length >= blockBytes) return cut(chunk, blockBytesMax);
      block ??= swap();
      const part = cut(chunk, blockBytes - filled);
      block.set(part, filled);
      filled += part.length;
    }
    return filled === 0 ? undefined : block?.subarray(0, filled);
  };
}
