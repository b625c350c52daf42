import type { object } from '@holdfast/contracts';
import type { UnaryHandler } from '@holdfast/rpc';
import { readIfRevision } from '../messages/condition.js';
import { headResponse } from '../messages/head.js';
import { readObjectId } from '../messages/object-id.js';
import type { ObjectDependencies } from './object-dependencies.js';
import { withPermit } from './permits.js';

export function headObjectHandler({
  engine,
  admission,
}: ObjectDependencies): UnaryHandler<object.HeadObjectRequest, object.HeadObjectResponse> {
  return async (request, context) => {
    const id = readObjectId(request.objectId);
    const ifRevision = readIfRevision(request.ifRevision);
    return withPermit(admission, context, async () =>
      headResponse(id, ifRevision, await engine.headObject(id)),
    );
  };
}
