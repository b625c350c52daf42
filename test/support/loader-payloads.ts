import { nativeChecksum as checksum } from '@holdfast/service-kit';
import { randomBytes } from 'node:crypto';

export const KiB = 1024;
export const MiB = 1024 * KiB;

const chunkBytes = 256 * KiB;

export function randomPayload(size: number): Buffer {
  return randomBytes(size);
}

export function crc32cOf(payload: Uint8Array): number {
  return checksum.crc32c(payload, 0);
}

export function* chunksOf(payload: Uint8Array, size: number = chunkBytes): Iterable<Uint8Array> {
  for (let at = 0; at < payload.length; at += size) yield payload.subarray(at, at + size);
}

export function finishOf(payload: Uint8Array): { size: number; crc32c: number } {
  return { size: payload.length, crc32c: crc32cOf(payload) };
}
