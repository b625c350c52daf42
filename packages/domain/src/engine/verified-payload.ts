import type { ObjectMetadata } from '../metadata.js';
import type { Checksum } from '../ports/checksum.js';
import type { Payload } from '../ports/long-term-tier.js';

/**
 * The same chunks, checked on their way. The last one is handed out only when length and checksum
 * of the whole are right, so that nobody takes a damaged object for a complete one.
 */
export function verifiedPayload(
  payload: Payload,
  expected: ObjectMetadata,
  checksum: Checksum,
  damaged: (why: string) => Error,
): Payload {
  return {
    [Symbol.asyncIterator]: () =>
      verified(payload[Symbol.asyncIterator](), expected, checksum, damaged),
  };
}

// Not a generator: one that was never started would not pass `return` on, and leave the blob open.
function verified(
  source: AsyncIterator<Uint8Array>,
  expected: ObjectMetadata,
  checksum: Checksum,
  damaged: (why: string) => Error,
): AsyncIterator<Uint8Array> {
  let size = 0;
  let crc32c = 0;

  function fault(chunk: Uint8Array | undefined): string | undefined {
    if (chunk === undefined) {
      return size < expected.size ? 'its blob is shorter than it was' : undefined;
    }
    size += chunk.length;
    crc32c = checksum.crc32c(chunk, crc32c);
    if (size > expected.size) return 'its blob is longer than it was';
    const mismatch = size === expected.size && crc32c !== expected.crc32c;
    return mismatch ? 'its blob does not match its checksum' : undefined;
  }

  return {
    async next() {
      const next = await source.next();
      const why = fault(next.done === true ? undefined : next.value);
      if (why === undefined) return next;
      await source.return?.();
      throw damaged(why);
    },
    async return() {
      await source.return?.();
      return { done: true, value: undefined };
    },
  };
}
