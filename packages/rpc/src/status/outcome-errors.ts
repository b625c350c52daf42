import type { PreconditionFailed } from '@holdfast/domain';
import { preconditionText } from './domain-status.js';
import { reasonError, type RpcError } from './rpc-error.js';

/** Outcomes of the engine that callers get as errors. */

export function preconditionFailed(outcome: PreconditionFailed): RpcError {
  const { message, ...extra } = preconditionText(outcome);
  return reasonError(outcome.reason, message, extra);
}

export function fenced(): RpcError {
  return reasonError('WRITE_FENCED', 'the write lost a race and had no effect: repeat it');
}

export function objectNotFound(): RpcError {
  return reasonError('OBJECT_NOT_FOUND', 'there is no such object');
}
