import type { object } from '@holdfast/contracts';
import type { CallerMetadata, Ids, ObjectId, PutOutcome, WriteCondition } from '@holdfast/domain';
import { fenced, preconditionFailed } from '@holdfast/rpc';
import { readPutCondition } from './condition.js';
import { readCallerMetadata } from './metadata.js';
import { objectIdMessage, readWrittenId } from './object-id.js';

/** What a header says, as the engine takes it. */
export interface PutTerms {
  readonly id: ObjectId;
  readonly metadata: CallerMetadata;
  readonly condition: WriteCondition | undefined;
}

export function readPutHeader(header: object.PutObjectHeader, ids: Ids): PutTerms {
  return {
    id: readWrittenId(header.objectId, ids),
    metadata: readCallerMetadata(header.metadata),
    condition: readPutCondition(header.condition),
  };
}

/** The answer to a put; throws what its caller gets as an error. */
export function putResponse(id: ObjectId, outcome: PutOutcome): object.PutObjectResponse {
  switch (outcome.kind) {
    case 'stored': {
      const { revision, size, crc32c } = outcome.metadata;
      return { objectId: objectIdMessage(id), revision, size: BigInt(size), crc32c };
    }
    case 'precondition-failed':
      throw preconditionFailed(outcome);
    case 'fenced':
      throw fenced();
  }
}
