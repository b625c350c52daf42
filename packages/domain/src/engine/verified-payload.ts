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
  const verified = (): AsyncIterator<Uint8Array> =>
    verify(payload[Symbol.asyncIterator](), expected, checksum, damaged);
  return { [Symbol.asyncIterator]: verified };
}

/** Not a generator: one that is returned before its first chunk would not return its source. */
function verify(
  source: AsyncIterator<Uint8Array>,
  expected: ObjectMetadata,
  checksum: Checksum,
  damaged: (why: string) => Error,
): AsyncIterator<Uint8Array> {
  let size = 0;
  let crc32c = 0;
  let isOver = false;

  function damageIn(chunk: Uint8Array): string | undefined {
    size += chunk.length;
    crc32c = checksum.crc32c(chunk, crc32c);
    if (size > expected.size) return 'its blob is longer than it was';
    const isComplete = size === expected.size;
    return isComplete && crc32c !== expected.crc32c
      ? 'its blob does not match its checksum'
      : undefined;
  }

  async function end(): Promise<IteratorResult<Uint8Array>> {
    isOver = true;
    await source.return?.();
    return { done: true, value: undefined };
  }

  return {
    async next() {
      if (isOver) return { done: true, value: undefined };
      const next = await source.next();
      if (next.done === true) {
        isOver = true;
        if (size < expected.size) throw damaged('its blob is shorter than it was');
        return next;
      }
      const damage = damageIn(next.value);
      if (damage === undefined) return next;
      await end();
      throw damaged(damage);
    },
    return: end,
  };
}
