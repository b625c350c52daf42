import { DomainError } from '@holdfast/domain';

/** What Bigtable takes; an emulator takes more, so that nobody would notice there. */
const rowKeyBytesMax = 4_096;
/** What it advises at most; beyond 100 MiB it refuses. */
const cellBytesMax = 10 * 1024 * 1024;

export function checkRowKey(key: Uint8Array): void {
  if (key.length <= rowKeyBytesMax) return;
  throw new DomainError({
    code: 'INVALID_OBJECT_ID',
    field: 'object_id',
    given: `${key.length} bytes`,
    allowed: `a row key has at most ${rowKeyBytesMax} bytes`,
  });
}

export function checkCell(value: Uint8Array): void {
  if (value.length <= cellBytesMax) return;
  throw new DomainError({ code: 'PAYLOAD_TOO_LARGE', field: 'payload', bytesMax: cellBytesMax });
}
