import { isTimestamp, type Checksum, type Timestamp } from '@holdfast/domain';

/*
 * The only part of a file that changes after it was written. There are two slots, in sectors of
 * their own: a write replaces the one that is not in force, so that a torn write loses nothing.
 *
 *   0  u64 time expires, ms
 *   8  u32 crc32c of the time, continued from that of the header: a slot fits one file only
 *  12  u32 zero
 */
export type ExpirySlot =
  | { readonly kind: 'empty' }
  | { readonly kind: 'set'; readonly timeExpires: Timestamp }
  | { readonly kind: 'damaged' };

const slotBytes = 16;
export const expirySlotOffsets = [512, 1024] as const;

export function encodeExpirySlot(
  timeExpires: Timestamp,
  headerCrc32c: number,
  checksum: Checksum,
): Uint8Array {
  const bytes = new Uint8Array(slotBytes);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(timeExpires));
  view.setUint32(8, checksum.crc32c(bytes.subarray(0, 8), headerCrc32c));
  return bytes;
}

export function decodeExpirySlots(
  header: Uint8Array,
  headerCrc32c: number,
  checksum: Checksum,
): readonly [ExpirySlot, ExpirySlot] {
  const [first, second] = expirySlotOffsets;
  return [
    decodeExpirySlot(header.subarray(first, first + slotBytes), headerCrc32c, checksum),
    decodeExpirySlot(header.subarray(second, second + slotBytes), headerCrc32c, checksum),
  ];
}

/** Takes the slots out of what the header's checksum covers. */
export function blankExpirySlots(header: Uint8Array): void {
  for (const offset of expirySlotOffsets) header.fill(0, offset, offset + slotBytes);
}

/** Where the next expiry goes: over the slot whose loss changes nothing. */
export function spareSlotOffset([first, second]: readonly [ExpirySlot, ExpirySlot]): number {
  const firstIsInForce =
    first.kind === 'set' && (second.kind !== 'set' || second.timeExpires < first.timeExpires);
  return expirySlotOffsets[firstIsInForce ? 1 : 0];
}

function decodeExpirySlot(bytes: Uint8Array, headerCrc32c: number, checksum: Checksum): ExpirySlot {
  if (bytes.every((byte) => byte === 0)) return { kind: 'empty' };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const timeExpires = Number(view.getBigUint64(0));
  const intact =
    view.getUint32(8) === checksum.crc32c(bytes.subarray(0, 8), headerCrc32c) &&
    view.getUint32(12) === 0;
  if (!intact || !isTimestamp(timeExpires)) return { kind: 'damaged' };
  return { kind: 'set', timeExpires };
}
