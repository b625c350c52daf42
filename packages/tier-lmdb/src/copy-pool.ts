/** Where copies of small payloads go: one allocation serves several of them. */
export interface CopyPool {
  /** A copy of the first `length` bytes. It is the receiver's own. */
  take(source: Uint8Array, length: number): Uint8Array;
}

const KiB = 1024;
const slabBytes = 64 * KiB;
// A copy that is kept keeps its slab: no more than this many times its own size, for a larger one.
const pooledBytesMax = 8 * KiB;

/** An allocation of its own for each small read costs more, in garbage collection, than the read. */
export function createCopyPool(): CopyPool {
  // Not zeroed, as every byte that is handed out is copied over first.
  let slab = Buffer.allocUnsafeSlow(slabBytes).buffer;
  let used = 0;

  function space(length: number): Uint8Array {
    if (length > pooledBytesMax) return new Uint8Array(length);
    if (used + length > slabBytes) {
      slab = Buffer.allocUnsafeSlow(slabBytes).buffer;
      used = 0;
    }
    used += length;
    return new Uint8Array(slab, used - length, length);
  }

  return {
    take(source, length) {
      const copy = space(length);
      copy.set(source.subarray(0, length));
      return copy;
    },
  };
}
