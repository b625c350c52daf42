import type { object } from '@holdfast/contracts';
import { parseBlobName, type DeleteOutcome, type DeleteRequest } from '@holdfast/domain';
import { fenced, preconditionFailed } from '@holdfast/rpc';
import { readIfRevision } from './condition.js';
import { readObjectId } from './object-id.js';

export function readDelete(request: object.DeleteObjectRequest): DeleteRequest {
  return { id: readObjectId(request.objectId), ifRevision: readIfRevision(request.ifRevision) };
}

/** The answer to a delete; throws what its caller gets as an error. */
export function deleteResponse(outcome: DeleteOutcome): object.DeleteObjectResponse {
  switch (outcome.kind) {
    case 'deleted':
      // The name of a blob ends in the revision that wrote it. Of an inline object nothing was read.
      return { deletedRevision: outcome.displaced && parseBlobName(outcome.displaced)?.revision };
    case 'precondition-failed':
      throw preconditionFailed(outcome);
    case 'fenced':
      throw fenced();
  }
}
