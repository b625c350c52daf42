import type { object } from '@holdfast/contracts';
import type { HeadOutcome, ObjectId, Revision } from '@holdfast/domain';
import { objectNotFound, preconditionFailed } from '@holdfast/rpc';
import { objectInfoMessage } from './object-info.js';

/** The answer to a head; throws what its caller gets as an error. */
export function headResponse(
  id: ObjectId,
  ifRevision: Revision | undefined,
  outcome: HeadOutcome,
): object.HeadObjectResponse {
  if (outcome.kind === 'not-found') throw objectNotFound();
  const current = outcome.metadata.revision;
  if (ifRevision !== undefined && ifRevision !== current) {
    const reason = 'REVISION_MISMATCH';
    throw preconditionFailed({ kind: 'precondition-failed', reason, current });
  }
  return { object: objectInfoMessage(id, outcome.metadata) };
}
