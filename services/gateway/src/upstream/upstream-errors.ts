import { status } from '@grpc/grpc-js';
import { reasonError, rpcError, type RpcError } from '@holdfast/rpc';

/** What a call does to what is stored: decides what its caller is told when its fate is not known. */
export type Effect = 'read' | 'write';

/**
 * The error for a caller. What the store said is passed on as it is. What only the connection says
 * (it broke, it could not be made) becomes the contract's word for it: the outcome of a write is
 * unknown once it `mayHaveRun`, of anything else nothing was done.
 */
export function callerError(error: RpcError, effect: Effect, mayHaveRun: boolean): RpcError {
  if (!isBroken(error)) return error;
  return mayHaveRun ? brokenOffError(effect, error) : storeUnavailable(error);
}

/** For a call that may have run when its connection broke. */
export function brokenOffError(effect: Effect, cause: RpcError): RpcError {
  return effect === 'write' ? outcomeUnknown(cause) : storeUnavailable(cause);
}

/** Whether the connection failed and not the store: its own errors have details. */
export function isBroken({ code, reason, details }: RpcError): boolean {
  if (reason !== undefined || details !== undefined) return false;
  return code === status.UNAVAILABLE || code === status.CANCELLED || code === status.UNKNOWN;
}

export function isShuttingDown({ code, reason }: RpcError): boolean {
  return code === status.UNAVAILABLE && reason === 'SHUTTING_DOWN';
}

export function storeUnavailable(cause?: unknown): RpcError {
  return reasonError('TIER_UNAVAILABLE', 'the store cannot be reached: nothing was done', {
    cause,
  });
}

export function deadlineExceeded(): RpcError {
  const message = 'the deadline passed before a store could be reached';
  return rpcError(status.DEADLINE_EXCEEDED, undefined, message);
}

/** Of an operation that was not sent; mostly nobody hears it. */
export function nobodyWaits(): RpcError {
  return rpcError(status.CANCELLED, undefined, 'the caller went away: nothing was done');
}

function outcomeUnknown(cause: unknown): RpcError {
  const message = 'the connection to the store broke: the write may or may not take effect';
  return reasonError('OUTCOME_UNKNOWN', message, { cause });
}
