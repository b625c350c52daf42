import type { Checksum } from '@holdfast/domain';
import { crc32c } from '@node-rs/crc32';

/** CRC32C by the processor's own instruction. */
export const nativeChecksum: Checksum = {
  crc32c: (bytes, previous) => crc32c(bytes, previous),
};
