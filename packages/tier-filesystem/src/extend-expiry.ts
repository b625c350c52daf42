import type { BlobName, Checksum, Timestamp } from '@holdfast/domain';
import { lstat } from 'node:fs/promises';
import { findWholeBlob } from './blob-file.js';
import { syncDirectory } from './durable-directory.js';
import { unavailable, unlessMissing } from './errors.js';
import { addTime, dropTimes, forgetTimes, readTimes } from './expiry-times.js';
import { placeOf, type BlobPlace, type Layout } from './layout.js';

/**
 * 1. Open the blob. One that never expires, or not before the time asked for, stays as it is.
 * 2. Read the times it was moved to. One that is late enough is only flushed, since whoever added it
 *    may not have done so yet.
 * 3. Add the new time durably: the commit point. It never replaces another.
 * 4. Remove the times that were found, except the latest of them: a reader that looks just now and
 *    misses the new one still finds that.
 * 5. If the blob was removed meanwhile, remove its times again, since nobody else will.
 */
export async function extendExpiry(
  name: BlobName,
  timeExpires: Timestamp,
  layout: Layout,
  checksum: Checksum,
): Promise<'extended' | 'absent'> {
  const place = placeOf(layout, name);
  const blob = await findWholeBlob(place, name, checksum);
  if (blob === undefined) return 'absent';
  const own = blob.header.metadata.timeExpires;
  if (own === undefined || own >= timeExpires) return 'extended';
  const moved = await unlessMissing(() => moveTo(place, timeExpires));
  if (await unlessMissing(() => lstat(place.path))) {
    if (moved !== undefined) return moved;
    throw unavailable('the directory of the expiries was removed meanwhile');
  }
  await forgetTimes(place);
  return 'absent';
}

async function moveTo(place: BlobPlace, timeExpires: Timestamp): Promise<'extended'> {
  const times = await readTimes(place);
  const latest = times.at(-1);
  if (latest !== undefined && latest >= timeExpires) {
    await unlessMissing(() => syncDirectory(place.expiry.path));
    return 'extended';
  }
  await addTime(place, timeExpires);
  await dropTimes(place, times.slice(0, -1));
  return 'extended';
}
