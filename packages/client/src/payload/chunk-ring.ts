import { allocateChunk, type ChunkBuffer } from '@holdfast/rpc';
import { chunkBytes } from '../limits.js';

/**
 * A channel holds two messages at most: the third but last has left this process when the next one is
 * made, and its memory is free again.
 */
const ringSize = 3;

/**
 * Memory for the chunks of one upload, used again and again: new memory for each would be most of what
 * an upload costs its process. For messages that are sent one after the other.
 */
export function createChunkRing(): () => ChunkBuffer {
  const ring: ChunkBuffer[] = [];
  let next = 0;
  return () => {
    const chunk = (ring[next] ??= allocateChunk(chunkBytes));
    next = (next + 1) % ringSize;
    return chunk;
  };
}
