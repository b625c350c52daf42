import { rpc, type object } from '@holdfast/contracts';
import { reasonError, statusBytes, type FieldViolation, type Reason } from '@holdfast/rpc';
import type { Outcome } from './store-script.js';

const large = 1_048_576;

/** Objects of a scripted store, as long as its script has no other idea. */
export interface MemoryObjects {
  run(operation: object.BatchOperation): Outcome;
  /** The answer to an upload, which is not kept. */
  stored(size: number): object.PutObjectResponse;
}

export function createMemoryObjects(): MemoryObjects {
  const payloads = new Map<string, Uint8Array>();
  let revisions = 0;

  function stored(size: number): object.PutObjectResponse {
    revisions += 1;
    return { objectId: undefined, revision: revisionOf(revisions), size: BigInt(size), crc32c: 0 };
  }

  function run({ operation }: object.BatchOperation): Outcome {
    switch (operation?.$case) {
      case 'put': {
        const { header, payload } = operation.value;
        payloads.set(header?.objectId?.key ?? '', Uint8Array.from(payload));
        return { $case: 'put', value: { ...stored(payload.length), objectId: header?.objectId } };
      }
      case 'get': {
        const payload = payloads.get(operation.value.objectId?.key ?? '');
        if (payload === undefined)
          return errorOutcome('OBJECT_NOT_FOUND', 'there is no such object');
        return getOutcome(payload.length, payload.length > large ? undefined : payload);
      }
      case 'head': {
        const payload = payloads.get(operation.value.objectId?.key ?? '');
        if (payload === undefined)
          return errorOutcome('OBJECT_NOT_FOUND', 'there is no such object');
        return { $case: 'head', value: { object: infoOf(payload.length) } };
      }
      case 'delete':
        payloads.delete(operation.value.objectId?.key ?? '');
        return { $case: 'delete', value: { deletedRevision: undefined } };
      case undefined:
        return errorOutcome('INVALID_BATCH', 'no operation is set');
    }
  }

  return { run, stored };
}

/** A result that is this error, with the details that a real store gives. */
export function errorOutcome(
  reason: Reason,
  message: string,
  violations: readonly FieldViolation[] = [],
): Outcome {
  const error = reasonError(reason, message, { violations });
  return { $case: 'error', value: rpc.Status.decode(statusBytes(error)) };
}

export function getOutcome(
  size: number,
  payload: Uint8Array | undefined,
  revision = revisionOf(1),
): Outcome {
  const span = { offset: 0n, length: BigInt(size) };
  return { $case: 'get', value: { object: infoOf(size, revision), span, payload } };
}

export function infoOf(size: number, revision = revisionOf(1)): object.ObjectInfo {
  return {
    objectId: { usecase: 'tests', scopes: [], key: 'key' },
    metadata: undefined,
    revision,
    size: BigInt(size),
    crc32c: 0,
    timeCreated: undefined,
    timeExpires: undefined,
  };
}

export function revisionOf(number: number): string {
  return `01a3185c-5000-7000-8000-${String(number).padStart(12, '0')}`;
}
