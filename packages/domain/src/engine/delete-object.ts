import type { BlobName } from '../blob-name.js';
import { failedCondition, type PreconditionFailed } from '../condition.js';
import type { ObjectId } from '../object-id.js';
import { changeIdOf, type Revision } from '../revision.js';
import { absentRow, namedBlob, type RowHead } from '../row.js';
import type { Fenced } from './change-plan.js';
import type { EngineParts } from './engine-parts.js';
import { removeInline } from './replace-inline.js';
import { runChange } from './run-change.js';

export interface DeleteRequest {
  readonly id: ObjectId;
  /** Delete only this revision. */
  readonly ifRevision?: Revision | undefined;
}

export type DeleteOutcome =
  /** It is gone, or never was. `displaced` is the blob that is left for cleanup, if any. */
  | { readonly kind: 'deleted'; readonly displaced?: BlobName | undefined }
  | PreconditionFailed
  | Fenced;

const gone = { kind: 'deleted' } as const;

/**
 * Deletes an object. Deleting what does not exist is success.
 *
 * 1. Without a condition: empty the row in one step. That is the commit, unless the row holds a
 *    tombstone.
 * 2. Otherwise a change (`run-change.ts`) that commits an empty row, and leaves the blob to cleanup.
 */
export async function deleteObject(
  engine: EngineParts,
  request: DeleteRequest,
): Promise<DeleteOutcome> {
  const { id, ifRevision } = request;
  const conditional = ifRevision !== undefined;
  if (!conditional && (await removeInline(engine, id)) === 'deleted') return gone;

  let displaced: BlobName | undefined;
  const refuse = (row: RowHead): PreconditionFailed | typeof gone | undefined => {
    displaced = namedBlob(row);
    // What is gone already needs no deleting: a repeat after a lost reply succeeds, condition or not.
    // What has merely expired is taken out of the row: a process whose clock is behind still sees it.
    if (row.kind === 'absent') return row.remains === undefined ? gone : undefined;
    if (!conditional) return undefined;
    return failedCondition({ kind: 'if-revision', revision: ifRevision }, row);
  };
  const changeId = changeIdOf(engine.ids.revision());
  const prepare = async () => absentRow;
  const outcome = await runChange(engine, { id, changeId, conditional, refuse, prepare });
  return outcome.kind === 'done' ? { kind: 'deleted', displaced } : outcome;
}
