import type { object } from '@holdfast/contracts';
import { invalid, parseObjectId, type Ids, type ObjectId } from '@holdfast/domain';

/** Reads the id of an object that is expected to be there. */
export function readObjectId(message: object.ObjectId | undefined): ObjectId {
  if (message === undefined) throw missing();
  return parseObjectId(message);
}

/** Reads the id of an object to be written, and makes the key that its writer left out. */
export function readWrittenId(message: object.ObjectId | undefined, ids: Ids): ObjectId {
  if (message === undefined) throw missing();
  if (message.key !== '') return parseObjectId(message);
  return parseObjectId({ ...message, key: ids.revision() });
}

export function objectIdMessage({ usecase, scopes, key }: ObjectId): object.ObjectId {
  return { usecase, scopes, key };
}

function missing(): Error {
  return invalid('INVALID_OBJECT_ID', 'object_id', undefined, 'is required');
}
