import type { status } from '@grpc/grpc-js';
import type { RpcError } from '../status/rpc-error.js';

export type CallKind = 'unary' | 'upload' | 'download' | 'bidi';

/** What is known of a call when it begins. */
export interface CallStart {
  readonly method: string;
  readonly kind: CallKind;
  readonly requestId: string;
  readonly peer: string;
  readonly traceparent: string | undefined;
}

/** One call that runs. */
export interface CallSpan {
  /** Of the span made for the call, for handlers to pass on. */
  readonly traceparent: string | undefined;
  /** Told exactly once. */
  ended(code: status, error: RpcError | undefined): void;
}

/** What a server tells about its calls. It is told of every one: it must be cheap and never throw. */
export interface CallObserver {
  started(call: CallStart): CallSpan;
  /** A connection or stream was refused before it was a call. */
  refused?(why: string): void;
}
