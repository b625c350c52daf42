import { parseBlobName, type BlobName } from '../blob-name.js';
import type { EngineParts } from '../engine/engine-parts.js';
import { changeIdOf } from '../revision.js';
import { namedBlob } from '../row.js';
import type { Timestamp } from '../timestamp.js';
import { settleChange } from './settle-change.js';

export type ReclaimOutcome =
  | { readonly kind: 'freed'; readonly size: number }
  | { readonly kind: 'gone-already' }
  /** Nothing names it. It is on the change log, and may go when that time has come. */
  | { readonly kind: 'awaiting-readers'; readonly until: Timestamp }
  /** The row names it. */
  | { readonly kind: 'live' }
  /** A change on the log owns it, and will be settled as such. */
  | { readonly kind: 'owned-by-change' }
  /** No write of ours could have made the name. Such a thing is kept. */
  | { readonly kind: 'undecided' };

/**
 * Gets rid of a blob that was found by listing the long-term tier, if nothing names it and nothing
 * ever will. The listing came first: a set of live blobs that was made before it would miss the blobs
 * that were named meanwhile.
 *
 * 1. Take the object and the revision from the name. The change of that write has the same id.
 * 2. Leave it if that change is on the log.
 * 3. Fence that change: a writer that is merely slow can no longer commit this blob.
 * 4. Read the row, and leave the blob if the row names it.
 * 5. Put the change back on the log, and settle it there. It may have been named until a moment ago,
 *    so it stays for its readers like any other.
 */
export async function reclaimBlob(engine: EngineParts, blob: BlobName): Promise<ReclaimOutcome> {
  const parts = parseBlobName(blob);
  if (parts === undefined) return { kind: 'undecided' };
  const { highVolume, changeLog, clock } = engine;
  const changeId = changeIdOf(parts.revision);
  if ((await changeLog.get(changeId)) !== undefined) return { kind: 'owned-by-change' };
  await highVolume.fence(parts.id, changeId);
  if (namedBlob(await highVolume.readHead(parts.id)) === blob) return { kind: 'live' };

  await changeLog.record({ changeId, objectId: parts.id, newBlob: blob, deadline: clock.now() });
  const settled = await settleChange(engine, {
    changeId,
    youngChange: 'settle',
    unnamedBlobs: 'keep-for-readers',
  });
  if (settled.kind === 'awaiting-readers') return settled;
  const [freed] = 'freed' in settled ? settled.freed : [];
  return freed === undefined ? { kind: 'gone-already' } : { kind: 'freed', size: freed.size };
}
