import type { BlobName, Checksum, Clock, Timestamp } from '@holdfast/domain';
import { constants } from 'node:fs';
import { open, unlink } from 'node:fs/promises';
import { openWholeBlob, readHeader, type BlobFile } from './blob-file.js';
import { fileMode } from './durable-directory.js';
import { hasErrno, unavailable } from './errors.js';
import { encodeExpirySlot, spareSlotOffset } from './expiry-slots.js';
import { currentMetadata, type BlobHeader } from './header-codec.js';
import { extendLock, placeOf, type Layout } from './layout.js';
import { writeFully } from './payload-writer.js';

const lockAttemptsMax = 200;
const lockRetryMs = 10;

export interface ExtendDependencies {
  readonly layout: Layout;
  readonly checksum: Checksum;
  readonly clock: Clock;
}

/**
 * 1. Open the blob. An expiry that is late enough already is only flushed, since whoever wrote it
 *    may not have done so yet.
 * 2. Take the blob's lock: two processes that read the same slots must not both replace one.
 * 3. Read the header again, overwrite the slot that is not in force, flush.
 * 4. Release the lock. After a crash it stays until it is removed as abandoned; until then `extend`
 *    of this one blob fails with `TIER_UNAVAILABLE`, and nothing else does.
 */
export async function extendExpiry(
  name: BlobName,
  timeExpires: Timestamp,
  dependencies: ExtendDependencies,
): Promise<'extended' | 'absent'> {
  const { layout, checksum } = dependencies;
  const place = placeOf(layout, name);
  const blob = await openWholeBlob(place, name, checksum, constants.O_RDWR);
  if (blob === undefined) return 'absent';
  try {
    if (isBefore(blob.header, timeExpires)) {
      const write = (): Promise<void> => writeLater(blob, timeExpires, place.where, checksum);
      await whileLocked(extendLock(layout, place.hash), dependencies.clock, write);
    }
    await blob.file.datasync();
    return 'extended';
  } finally {
    await blob.file.close();
  }
}

async function writeLater(
  { file }: BlobFile,
  timeExpires: Timestamp,
  where: string,
  checksum: Checksum,
): Promise<void> {
  const header = await readHeader(file, checksum, where);
  if (!isBefore(header, timeExpires)) return;
  const slot = encodeExpirySlot(timeExpires, header.crc32c, checksum);
  await writeFully(file, slot, spareSlotOffset(header.expirySlots));
  // Under the lock: the other slot is overwritten only once this one cannot be lost.
  await file.datasync();
}

function isBefore(header: BlobHeader, timeExpires: Timestamp): boolean {
  const current = currentMetadata(header).timeExpires;
  return current !== undefined && current < timeExpires;
}

async function whileLocked(lock: string, clock: Clock, work: () => Promise<void>): Promise<void> {
  for (let attempt = 0; !(await tryLock(lock)); attempt += 1) {
    if (attempt === lockAttemptsMax) throw unavailable('another process is extending this blob');
    await clock.sleep(lockRetryMs);
  }
  try {
    await work();
  } finally {
    await unlink(lock).catch(() => undefined);
  }
}

async function tryLock(lock: string): Promise<boolean> {
  try {
    const file = await open(lock, 'wx', fileMode);
    await file.close();
    return true;
  } catch (error) {
    if (hasErrno(error, 'EEXIST')) return false;
    throw error;
  }
}
