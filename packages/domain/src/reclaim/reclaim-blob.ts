import { parseBlobName, type BlobName } from '../blob-name.js';
import type { EngineParts } from '../engine/engine-parts.js';
import { changeIdOf } from '../revision.js';
import { namedBlob } from '../row.js';

export type ReclaimOutcome =
  | { readonly kind: 'freed'; readonly size: number }
  | { readonly kind: 'gone-already' }
  /** The row names it. */
  | { readonly kind: 'live' }
  /** A change on the log owns it, and will be settled as such. */
  | { readonly kind: 'owned-by-change' }
  /** No write of ours could have made the name. Such a thing is kept. */
  | { readonly kind: 'undecided' };

/**
 * Deletes a blob that was found by listing the long-term tier, if nothing names it and nothing ever
 * will. The listing came first: a set of live blobs that was made before it would miss the blobs that
 * were named meanwhile.
 *
 * 1. Take the object and the revision from the name. The change of that write has the same id.
 * 2. Leave it if that change is on the log.
 * 3. Fence that change: a writer that is merely slow can no longer commit this blob.
 * 4. Read the row, and leave the blob if the row names it.
 * 5. Delete it.
 */
export async function reclaimBlob(engine: EngineParts, blob: BlobName): Promise<ReclaimOutcome> {
  const parts = parseBlobName(blob);
  if (parts === undefined) return { kind: 'undecided' };
  const changeId = changeIdOf(parts.revision);
  if ((await engine.changeLog.get(changeId)) !== undefined) return { kind: 'owned-by-change' };
  await engine.highVolume.fence(parts.id, changeId);
  const row = await engine.highVolume.readHead(parts.id);
  if (namedBlob(row) === blob) return { kind: 'live' };
  const removed = await engine.longTerm.remove(blob);
  return removed.kind === 'removed'
    ? { kind: 'freed', size: removed.size }
    : { kind: 'gone-already' };
}
