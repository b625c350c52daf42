import type { object } from '@holdfast/contracts';
import type { GetRequest } from '@holdfast/domain';
import { readByteRange } from './byte-range.js';
import { readIfRevision } from './condition.js';
import { readObjectId } from './object-id.js';

/** Reads what is asked for. How much of it, and for how long, is the handler's to add. */
export function readGet(
  request: object.GetObjectRequest,
): Pick<GetRequest, 'id' | 'range' | 'ifRevision'> {
  return {
    id: readObjectId(request.objectId),
    range: readByteRange(request.range),
    ifRevision: readIfRevision(request.ifRevision),
  };
}
