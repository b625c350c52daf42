import type { BlobName } from '../blob-name.js';
import type { Change } from '../change.js';
import type { EngineParts } from '../engine/engine-parts.js';
import { revisionOf, type ChangeId } from '../revision.js';
import { namedBlob, physicalRevision, type RowHead } from '../row.js';

export interface SettleRequest {
  readonly changeId: ChangeId;
  /** What to do while the change's deadline has not come: its writer may be at work. */
  readonly youngChange: 'keep' | 'settle';
  /** Whether downloads that began before the blob was replaced have had their time. */
  readonly replacedBlob: 'delete' | 'keep-for-readers';
}

export interface FreedBlob {
  readonly blob: BlobName;
  readonly size: number;
}

export type SettleOutcome =
  /** Nothing is left to do: somebody has settled it, or it never was recorded. */
  | { readonly kind: 'already-resolved' }
  | { readonly kind: 'still-young' }
  /** The change can no longer commit, but the blob it replaced is kept for its readers. */
  | { readonly kind: 'awaiting-readers'; readonly freed: readonly FreedBlob[] }
  /** The row shows what the change wrote. */
  | { readonly kind: 'committed'; readonly freed: readonly FreedBlob[] }
  /** It does not: somebody else wrote, or the change never committed. */
  | { readonly kind: 'superseded'; readonly freed: readonly FreedBlob[] };

/**
 * Finishes a change, by whomever, whenever, as often as they like, also while its writer is at work.
 *
 * 1. Read the entry from the log. It is the truth; what a job says about the change is not.
 * 2. Fence: from here on the change has committed or it never will.
 * 3. Read the row.
 * 4. Delete the new blob if the row does not name it.
 * 5. Delete the old blob if the row does not name it.
 * 6. Remove the entry from the log.
 *
 * Any error, an unreadable row among them, ends it where it is and keeps the entry: a later settle
 * begins again, and every step may be repeated.
 */
export async function settleChange(
  engine: EngineParts,
  request: SettleRequest,
): Promise<SettleOutcome> {
  const { highVolume, changeLog } = engine;
  const change = await changeLog.get(request.changeId);
  if (change === undefined) return { kind: 'already-resolved' };
  const young = change.deadline > engine.clock.now();
  if (young && request.youngChange === 'keep') return { kind: 'still-young' };

  await highVolume.fence(change.objectId, change.changeId);
  const row = await highVolume.readHead(change.objectId);
  const freed: FreedBlob[] = [];
  await removeUnlessNamed(engine, change.newBlob, row, freed);
  const replaced = change.oldBlob !== undefined && namedBlob(row) !== change.oldBlob;
  if (replaced && request.replacedBlob === 'keep-for-readers') {
    return { kind: 'awaiting-readers', freed };
  }
  await removeUnlessNamed(engine, change.oldBlob, row, freed);
  await changeLog.remove(change.changeId);
  return { kind: tookEffect(change, row) ? 'committed' : 'superseded', freed };
}

async function removeUnlessNamed(
  engine: EngineParts,
  blob: BlobName | undefined,
  row: RowHead,
  freed: FreedBlob[],
): Promise<void> {
  if (blob === undefined || namedBlob(row) === blob) return;
  const result = await engine.longTerm.remove(blob);
  if (result.kind === 'removed') freed.push({ blob, size: result.size });
}

function tookEffect(change: Change, row: RowHead): boolean {
  const revision = physicalRevision(row);
  if (revision === revisionOf(change.changeId)) return true;
  // Only a removal replaces a blob by nothing.
  return change.newBlob === undefined && revision === undefined;
}
