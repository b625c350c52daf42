import { isTimestamp, type ObjectMetadata, type Timestamp } from '@holdfast/domain';
import { open, readdir, rmdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { ensureDirectory, fileMode, syncDirectory } from './durable-directory.js';
import { hasErrno, unlessMissing } from './errors.js';
import type { BlobPlace } from './layout.js';

/*
 * The times that a blob's expiry was moved to: empty files whose names are the times, in a directory
 * that a blob has once it was extended. The latest is in force.
 *
 * Names are added, and removed only when a later one is durable. So the latest can only grow,
 * whoever is paused for however long between two steps, and nobody needs a lock.
 */

const timePattern = /^[1-9][0-9]{0,15}$/;

/** Ascending; none for a blob that was never extended. */
export async function readTimes({ expiry }: BlobPlace): Promise<readonly Timestamp[]> {
  const names = (await unlessMissing(() => readdir(expiry.path))) ?? [];
  const times = names.filter((name) => timePattern.test(name)).map(Number);
  return times.filter(isTimestamp).toSorted((a, b) => a - b);
}

/** Resolves when the time is there and would be after the loss of power. */
export async function addTime({ expiry }: BlobPlace, time: Timestamp): Promise<void> {
  const { above, directory, path } = expiry;
  // Flushed also when they were there: whoever made them may not have got that far.
  await ensureDirectory(directory);
  await syncDirectory(above);
  await ensureDirectory(path);
  await syncDirectory(directory);
  const file = await open(join(path, String(time)), 'a', fileMode);
  await file.close();
  await syncDirectory(path);
}

/** Of `times`, which are no longer needed, removes what is still there. */
export async function dropTimes({ expiry }: BlobPlace, times: readonly Timestamp[]): Promise<void> {
  for (const time of times) await unlessMissing(() => unlink(join(expiry.path, String(time))));
}

/**
 * Removes all that is known of a blob that is gone. Best effort: its name is never used again, so
 * what stays says nothing about another blob.
 */
export async function forgetTimes(place: BlobPlace): Promise<void> {
  try {
    if (await hasNoTimes(place)) return;
    await dropTimes(place, await readTimes(place));
    await rmdir(place.expiry.path);
  } catch {
    // It is being extended, and who does so finds that the blob is gone.
  }
}

/** Removes their directory if it is empty. Most blobs were never extended and have none. */
async function hasNoTimes({ expiry }: BlobPlace): Promise<boolean> {
  try {
    await rmdir(expiry.path);
    return true;
  } catch (error) {
    return !hasErrno(error, 'ENOTEMPTY', 'EEXIST');
  }
}

/** The metadata with the latest expiry that was ever set. */
export async function currentMetadata(
  metadata: ObjectMetadata,
  place: BlobPlace,
): Promise<ObjectMetadata> {
  // Never is later than any time: nothing brings it forward.
  if (metadata.timeExpires === undefined) return metadata;
  const latest = (await readTimes(place)).at(-1);
  if (latest === undefined || latest <= metadata.timeExpires) return metadata;
  return { ...metadata, timeExpires: latest };
}
