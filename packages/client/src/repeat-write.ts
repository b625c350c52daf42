import { status } from '@grpc/grpc-js';
import { reasonError, RpcError } from '@holdfast/rpc';
import type { Dispatch } from './batch-call.js';
import type { CallTerms } from './call-terms.js';
import type { Repeats } from './repeat-call.js';

export interface Write<T> {
  /** One attempt. It says whether its request may have reached the server. */
  readonly attempt: (dispatch: Dispatch) => Promise<T>;
  /** Whether to make another one. `isInDoubt`: one that went before may have taken effect. */
  readonly mayRepeat: (isInDoubt: boolean) => boolean | Promise<boolean>;
}

/**
 * Repeats a write. Once an attempt went unanswered, a later one that fails says nothing about the
 * write any more, not even that a condition was not met: the write's own success may be the reason.
 * So a write in doubt ends well, or with `OUTCOME_UNKNOWN`, and never with the promise that nothing
 * was done.
 */
export async function repeatWrite<T>(
  repeats: Repeats,
  write: Write<T>,
  terms: CallTerms,
): Promise<T> {
  let isInDoubt = false;
  let dispatch: Dispatch = { isSent: false };
  const attempt = (): Promise<T> => {
    dispatch = { isSent: false };
    return write.attempt(dispatch);
  };
  const mayRepeat = (error: RpcError): boolean | Promise<boolean> => {
    isInDoubt ||= dispatch.isSent && !hadNoEffect(error);
    return write.mayRepeat(isInDoubt);
  };
  try {
    return await repeats.run(attempt, terms, mayRepeat);
  } catch (error) {
    throw isInDoubt ? inDoubt(error) : error;
  }
}

export function outcomeUnknown(
  why: string,
  info: Readonly<Record<string, string>>,
  cause?: RpcError,
): RpcError {
  return reasonError('OUTCOME_UNKNOWN', why, { info, cause });
}

/** The retryable failures with which a server says that nothing was done. */
function hadNoEffect(error: RpcError): boolean {
  if (error.code !== status.UNAVAILABLE) return true;
  return error.reason !== undefined && error.reason !== 'OUTCOME_UNKNOWN';
}

function inDoubt(error: unknown): unknown {
  if (!(error instanceof RpcError) || error.reason === 'OUTCOME_UNKNOWN') return error;
  if (error.code === status.CANCELLED || error.code === status.DEADLINE_EXCEEDED) return error;
  return outcomeUnknown(
    `an attempt went unanswered and may have taken effect; the last one: ${error.message}`,
    error.info,
    error,
  );
}
