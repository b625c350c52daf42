import type { ObjectMetadata } from '../metadata.js';
import type { Checksum } from '../ports/checksum.js';
import type { Payload } from '../ports/long-term-tier.js';

/**
 * The same chunks, checked on their way. The last one is handed out only when length and checksum
 * of the whole are right, so that nobody takes a damaged object for a complete one.
 */
export async function* verifiedPayload(
  payload: Payload,
  expected: ObjectMetadata,
  checksum: Checksum,
  damaged: (why: string) => Error,
): AsyncGenerator<Uint8Array, void> {
  let size = 0;
  let crc32c = 0;
  for await (const chunk of payload) {
    size += chunk.length;
    crc32c = checksum.crc32c(chunk, crc32c);
    if (size > expected.size) throw damaged('its blob is longer than it was');
    if (size === expected.size && crc32c !== expected.crc32c) {
      throw damaged('its blob does not match its checksum');
    }
    yield chunk;
  }
  if (size < expected.size) throw damaged('its blob is shorter than it was');
}
