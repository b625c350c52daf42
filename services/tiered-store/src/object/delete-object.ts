import type { object } from '@holdfast/contracts';
import type { UnaryHandler } from '@holdfast/rpc';
import { deleteResponse, readDelete } from '../messages/delete.js';
import type { ObjectDependencies } from './object-dependencies.js';
import { withPermit } from './permits.js';

/** Once it runs it runs to its end: the engine is not told when the caller goes away. */
export function deleteObjectHandler({
  engine,
  admission,
}: ObjectDependencies): UnaryHandler<object.DeleteObjectRequest, object.DeleteObjectResponse> {
  return async (request, context) => {
    const asked = readDelete(request);
    return withPermit(admission, context, async () =>
      deleteResponse(await engine.deleteObject(asked)),
    );
  };
}
