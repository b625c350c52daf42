import type { BlobName, Checksum, RemoveResult } from '@holdfast/domain';
import { unlink } from 'node:fs/promises';
import { findNamedBlob } from './blob-file.js';
import { syncDirectory } from './durable-directory.js';
import { unlessMissing } from './errors.js';
import { forgetTimes } from './expiry-times.js';
import { placeOf, type Layout } from './layout.js';

/**
 * Removes the file, if its header proves that it is the blob of that name; one whose payload is
 * damaged may go as well. Of several removes one unlinks it and answers
 * `removed`. The directory is flushed also when nothing was there: whoever removed the file before us
 * may not have got that far.
 */
export async function removeBlob(
  name: BlobName,
  layout: Layout,
  checksum: Checksum,
): Promise<RemoveResult> {
  const place = placeOf(layout, name);
  const blob = await findNamedBlob(place, name, checksum);
  // A name is used once, so what was proven of the file stays true until here.
  const removed = blob !== undefined && (await unlinkIfThere(place.path));
  await unlessMissing(() => syncDirectory(place.directory));
  // Also when nothing was there: whoever removed the blob may not have got this far. One that never
  // expires was never moved to another time.
  if (blob?.header.metadata.timeExpires !== undefined || !removed) await forgetTimes(place);
  return removed ? { kind: 'removed', size: blob.header.metadata.size } : { kind: 'absent' };
}

async function unlinkIfThere(path: string): Promise<boolean> {
  const unlinked = await unlessMissing(async () => {
    await unlink(path);
    return true;
  });
  return unlinked ?? false;
}
