import { status } from '@grpc/grpc-js';
import { hasCode, type SweepError, type SweepRunId } from '@holdfast/domain';
import { knownReason, reasonError, rpcError, type RpcError } from '@holdfast/rpc';

/** How a run that failed ends the call that follows it. */
export function rpcErrorOf({ reason, message }: SweepError): RpcError {
  const known = knownReason(reason);
  if (known !== undefined) return reasonError(known, message);
  return rpcError(status.INTERNAL, undefined, message);
}

export function sweepRunning(runId: SweepRunId): RpcError {
  const message = `another run of this duty is under way: ${runId}`;
  return reasonError('SWEEP_RUNNING', message, { info: { run_id: runId } });
}

/**
 * Asks Redis something. To it, being unreachable is what it is to any tier; to an operator it is not the
 * storage that is down.
 */
export async function reachQueue<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (cause) {
    if (!hasCode(cause, 'TIER_UNAVAILABLE')) throw cause;
    throw queueUnavailable(cause);
  }
}

/** The queue is there, but nobody works on it. */
export function notTakenUp(runId: SweepRunId): RpcError {
  return notUnderWay(runId, 'no sweeper has taken the run up: it does not begin any more');
}

/** The queue is there, and the run is nowhere. */
export function unknownRun(runId: SweepRunId): RpcError {
  const message =
    'the run waits no more and has told nothing: it was cancelled before it began, was lost, or just begins';
  return notUnderWay(runId, message);
}

/** It has begun, and whoever had it is gone. */
export function leftAlone(runId: SweepRunId): RpcError {
  const message =
    'no sweeper has the run any more: one that takes it up goes on with it, and ' +
    '`holdfast admin sweep reports` tells how';
  return notUnderWay(runId, message);
}

function notUnderWay(runId: SweepRunId, message: string): RpcError {
  return reasonError('QUEUE_UNAVAILABLE', message, { info: { run_id: runId } });
}

export function queueUnavailable(cause: unknown): RpcError {
  return reasonError('QUEUE_UNAVAILABLE', 'the queue of sweeps cannot be reached', { cause });
}
