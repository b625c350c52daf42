import type { CallContext, CallOptions } from '@holdfast/rpc';
import type { OperationContext } from '../operations/encode-operation.js';
import type { GatewayParts } from './gateway-parts.js';

/** What of a caller's call goes with the operation that it becomes. */
export interface Caller extends OperationContext {
  /** Milliseconds since 1970; never Infinity. */
  readonly deadline: number;
  readonly callerRepeats: boolean;
  /** Until the call is over. */
  readonly isWanted: () => boolean;
}

const retriesHeader = 'holdfast-retries';

export function callerOf(context: CallContext, { clock, limits }: GatewayParts): Caller {
  const now = clock.now();
  const { requestId, traceparent } = context;
  const hasDeadline = Number.isFinite(context.deadline);
  const deadline = hasDeadline ? context.deadline : now + limits.operationMsMax;
  const timeoutMs = Math.max(0, deadline - now);
  const isWanted = (): boolean => !context.signal.aborted;
  const callerRepeats = repeats(context);
  return { requestId, traceparent, deadline, timeoutMs, callerRepeats, isWanted };
}

/** Whether the caller repeats by itself what fails, as our own client does: it says so. */
export function repeats({ metadata }: CallContext): boolean {
  return metadata.get(retriesHeader)[0] === 'caller';
}

/** What a call of its own, to a store, takes over from the caller's. */
export function callOptions({ deadline, requestId, traceparent }: CallContext): CallOptions {
  const id = { 'x-request-id': requestId };
  return {
    deadline: Number.isFinite(deadline) ? deadline : undefined,
    metadata: traceparent === undefined ? id : { ...id, traceparent },
  };
}
