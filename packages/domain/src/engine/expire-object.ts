import type { BlobName } from '../blob-name.js';
import type { ObjectId } from '../object-id.js';
import { changeIdOf, type Revision } from '../revision.js';
import { absentRow, namedBlob, type RowHead } from '../row.js';
import type { EngineParts } from './engine-parts.js';
import { runChange } from './run-change.js';

export interface ExpireRequest {
  readonly id: ObjectId;
  /** The revision that was found expired. */
  readonly revision: Revision;
}

export type ExpireOutcome =
  | { readonly kind: 'expired'; readonly blob?: BlobName | undefined }
  /** It is live, or written anew, or gone: there is nothing to expire. */
  | { readonly kind: 'unchanged' };

const unchanged: ExpireOutcome = { kind: 'unchanged' };

/**
 * Takes the remains of an expired object out of its row, as a change (`run-change.ts`) whose
 * condition is that they are still there. Its blob is left to cleanup. To readers the object was
 * absent before.
 */
export async function expireObject(
  engine: EngineParts,
  request: ExpireRequest,
): Promise<ExpireOutcome> {
  let blob: BlobName | undefined;
  const outcome = await runChange(engine, {
    id: request.id,
    changeId: changeIdOf(engine.ids.revision()),
    conditional: true,
    refuse: (row: RowHead) => {
      const expired = row.kind === 'absent' && row.remains?.revision === request.revision;
      blob = namedBlob(row);
      return expired ? undefined : unchanged;
    },
    prepare: async () => absentRow,
  });
  return outcome.kind === 'done' ? { kind: 'expired', blob } : unchanged;
}
