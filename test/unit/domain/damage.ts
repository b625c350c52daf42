import { hasCode } from '@holdfast/domain';

export function isUnreadable(error: unknown): boolean {
  return hasCode(error, 'UNREADABLE');
}

/** All that is left when the end is lost, down to nothing. */
export function truncationsOf(bytes: Uint8Array): Buffer[] {
  return Array.from(bytes, (_, length) => Buffer.from(bytes.subarray(0, length)));
}

/** The bytes with each single bit of the one at `offset` flipped in turn. */
export function bitFlipsOf(bytes: Uint8Array, offset: number): Buffer[] {
  return Array.from({ length: 8 }, (_, bit) => {
    const damaged = Buffer.from(bytes);
    damaged[offset] = (damaged[offset] ?? 0) ^ (1 << bit);
    return damaged;
  });
}
