import type { object } from '@holdfast/contracts';
import {
  DomainError,
  hasCode,
  singleChunk,
  type FoundObject,
  type Ids,
  type PutOutcome,
  type StorageEngine,
} from '@holdfast/domain';
import { invalidField, objectNotFound, preconditionFailed } from '@holdfast/rpc';
import { readByteRange } from '../messages/byte-range.js';
import { readIfRevision } from '../messages/condition.js';
import { deleteResponse, readDelete } from '../messages/delete.js';
import { headResponse } from '../messages/head.js';
import { readObjectId } from '../messages/object-id.js';
import { putResponse, readPutHeader, type PutTerms } from '../messages/put.js';
import {
  deleteResult,
  headResult,
  putResult,
  type EncodedResult,
  type GetResultEncoder,
} from './encoded-result.js';

export interface OperationDependencies {
  readonly engine: StorageEngine;
  readonly ids: Ids;
  readonly getResults: GetResultEncoder;
}

/** Of one payload in a batch, on its way in or out. */
const payloadBytesMax = 1024 * 1024;

/** Runs one operation of a batch to its end; throws what its caller gets as an error. */
export function runOperation(
  { operation }: object.BatchOperation,
  dependencies: OperationDependencies,
): Promise<EncodedResult> {
  switch (operation?.$case) {
    case 'get':
      return get(operation.value, dependencies);
    case 'put':
      return put(operation.value, dependencies);
    case 'head':
      return head(operation.value, dependencies);
    case 'delete':
      return remove(operation.value, dependencies);
    case undefined:
      throw invalidField('INVALID_BATCH', 'operation', 'none is set that this server knows');
  }
}

async function get(
  request: object.GetObjectRequest,
  { engine, getResults }: OperationDependencies,
): Promise<EncodedResult> {
  const id = readObjectId(request.objectId);
  const range = readByteRange(request.range);
  const ifRevision = readIfRevision(request.ifRevision);
  const outcome = await engine.getObject({ id, range, ifRevision, payloadBytesMax });
  switch (outcome.kind) {
    case 'found':
      return getResults.encode(id, outcome, outcome.bytes ?? (await collect(outcome)));
    case 'too-large':
      return getResults.encode(id, outcome, undefined);
    case 'not-found':
      throw objectNotFound();
    case 'precondition-failed':
      throw preconditionFailed(outcome);
  }
}

async function put(
  { header, payload, crc32c }: object.BatchPut,
  { engine, ids }: OperationDependencies,
): Promise<EncodedResult> {
  if (header === undefined) throw invalidField('INVALID_BATCH', 'header', 'is required');
  if (payload.length > payloadBytesMax) {
    const bytesMax = payloadBytesMax;
    throw new DomainError({ code: 'PAYLOAD_TOO_LARGE', field: 'payload', bytesMax });
  }
  const terms = readPutHeader(header, ids);
  return putResult(putResponse(terms.id, await store(terms, payload, crc32c, engine)));
}

async function store(
  { id, metadata, condition }: PutTerms,
  bytes: Uint8Array,
  crc32c: number | undefined,
  engine: StorageEngine,
): Promise<PutOutcome> {
  const payload = singleChunk(bytes);
  const expected = crc32c === undefined ? undefined : () => ({ crc32c });
  try {
    return await engine.putObject({ id, metadata, payload, condition, expected });
  } catch (error) {
    // The engine names the field by what it is in an upload.
    if (!hasCode(error, 'CONTENT_MISMATCH') || error.detail.code !== 'CONTENT_MISMATCH') {
      throw error;
    }
    throw new DomainError({ ...error.detail, field: 'crc32c' }, { cause: error });
  }
}

async function head(
  request: object.HeadObjectRequest,
  { engine }: OperationDependencies,
): Promise<EncodedResult> {
  const id = readObjectId(request.objectId);
  const ifRevision = readIfRevision(request.ifRevision);
  return headResult(headResponse(id, ifRevision, await engine.headObject(id)));
}

async function remove(
  request: object.DeleteObjectRequest,
  { engine }: OperationDependencies,
): Promise<EncodedResult> {
  return deleteResult(deleteResponse(await engine.deleteObject(readDelete(request))));
}

/** Reads a payload that is not at hand. A loop that is left ends it. */
async function collect({ payload, span }: FoundObject): Promise<Uint8Array> {
  const bytes = Buffer.allocUnsafeSlow(span.length);
  let at = 0;
  for await (const chunk of payload) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}
