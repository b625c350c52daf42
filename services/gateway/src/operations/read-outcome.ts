import { status } from '@grpc/grpc-js';
import { fromStatusBytes, parseBatchResult, rpcError, type RpcError } from '@holdfast/rpc';
import { singleCallError } from './single-call-error.js';

type AnswerKind = 'put' | 'get' | 'head' | 'delete';

/** The answer to a single call that went as an operation of this kind. Throws the error it has instead. */
export function expectAnswer(result: Uint8Array, kind: AnswerKind): Buffer {
  const outcome = parseBatchResult(result);
  if (outcome.kind === kind) return viewAsBuffer(outcome.bytes);
  if (outcome.kind === 'error') throw singleCallError(fromStatusBytes(outcome.bytes));
  throw rpcError(status.INTERNAL, undefined, 'the store answered another question');
}

/**
 * The error of a result if it is UNAVAILABLE, and nothing of any other: those are passed on as they
 * are. What cannot be read is for the caller to find out, too.
 */
export function readUnavailable(result: Uint8Array): RpcError | undefined {
  const outcome = parsed(result);
  if (outcome?.kind !== 'error') return undefined;
  const error = fromStatusBytes(outcome.bytes);
  return error.code === status.UNAVAILABLE ? error : undefined;
}

function parsed(result: Uint8Array): ReturnType<typeof parseBatchResult> | undefined {
  try {
    return parseBatchResult(result);
  } catch {
    return undefined;
  }
}

function viewAsBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
