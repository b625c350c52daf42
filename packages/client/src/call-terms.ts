import type { Clock } from '@holdfast/domain';
import { invalidField, type CallOptions as RpcCallOptions } from '@holdfast/rpc';
import { cancelled } from './errors.js';

export interface CallOptions {
  /**
   * How long the whole call may take, with all its attempts. Missing: 30 seconds, and no limit but
   * that bytes keep moving for a payload that is streamed.
   */
  readonly deadlineMs?: number | undefined;
  /** Ends the call when it aborts. A write that was sent may take effect all the same. */
  readonly signal?: AbortSignal | undefined;
}

/** Until when a call may go on, and who may end it before. */
export interface CallTerms {
  /** Milliseconds since 1970; Infinity where none was set. */
  readonly deadline: number;
  readonly signal: AbortSignal | undefined;
}

export function termsOf(options: CallOptions, deadlineMsDefault: number, clock: Clock): CallTerms {
  const { deadlineMs, signal } = options;
  if (deadlineMs !== undefined && !(deadlineMs > 0 && deadlineMs < Infinity)) {
    throw invalidField(
      'INVALID_DEADLINE',
      'deadlineMs',
      'must be a number of milliseconds above 0',
    );
  }
  throwIfAborted(signal);
  return { deadline: clock.now() + (deadlineMs ?? deadlineMsDefault), signal };
}

export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw cancelled(signal);
}

/** The part of the terms that the server is told of; guards see to the rest. */
export function rpcOptions({ deadline }: CallTerms): RpcCallOptions {
  return deadline === Infinity ? {} : { deadline };
}
