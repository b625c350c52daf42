/** CRC32C (Castagnoli), as object storage uses it. Pure and synchronous. */
export interface Checksum {
  /** Continues from `previous`, the checksum of all bytes before these; 0 when there are none. */
  crc32c(bytes: Uint8Array, previous: number): number;
}
