import { status } from '@grpc/grpc-js';
import { rpcError } from '../status/rpc-error.js';
import { FieldReader, wireType } from './field-reader.js';

/** What became of one operation: which kind of outcome, and its encoded message. */
export interface RawOutcome {
  readonly kind: 'error' | 'put' | 'get' | 'head' | 'delete';
  /** An encoded google.rpc.Status, PutObjectResponse, BatchGetResult, … A view. */
  readonly bytes: Uint8Array;
}

/** A BatchGetResult taken apart. */
export interface RawGetResult {
  /** Encoded object and span, which is byte for byte a GetObjectHeader. */
  readonly header: Uint8Array;
  /** A view. Missing when the payload is too large for a batch. */
  readonly payload: Uint8Array | undefined;
}

const payloadTag = (3 << 3) | wireType.bytes;

/** Looks into an encoded BatchResult. What no server of this contract sends is INTERNAL. */
export function parseBatchResult(result: Uint8Array): RawOutcome {
  return reading(() => {
    const fields = new FieldReader(result);
    let outcome: RawOutcome | undefined;
    while (fields.more) {
      const tag = fields.tag();
      const kind = outcomeKind(tag);
      if (kind === undefined) fields.skip(tag);
      else outcome = { kind, bytes: fields.view() };
    }
    if (outcome === undefined) throw new Error('no outcome is set');
    return outcome;
  });
}

/** Parts a BatchGetResult from its payload. It copies the rest, unless the payload comes last. */
export function splitGetResult(result: Uint8Array): RawGetResult {
  return reading(() => {
    const fields = new FieldReader(result);
    const others: Uint8Array[] = [];
    let payload: Uint8Array | undefined;
    let start = 0;
    while (fields.more) {
      const before = fields.position;
      const tag = fields.tag();
      if (tag !== payloadTag) {
        fields.skip(tag);
        continue;
      }
      if (before > start) others.push(result.subarray(start, before));
      payload = fields.view();
      start = fields.position;
    }
    if (start < result.length) others.push(result.subarray(start));
    const [only, ...more] = others;
    const header = only !== undefined && more.length === 0 ? only : Buffer.concat(others);
    return { header, payload };
  });
}

function outcomeKind(tag: number): RawOutcome['kind'] | undefined {
  if ((tag & 7) !== wireType.bytes) return undefined;
  switch (tag >>> 3) {
    case 2:
      return 'error';
    case 3:
      return 'put';
    case 4:
      return 'get';
    case 5:
      return 'head';
    case 6:
      return 'delete';
  }
  return undefined;
}

function reading<T>(read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw rpcError(status.INTERNAL, undefined, 'a result of the batch cannot be read', { cause });
  }
}
