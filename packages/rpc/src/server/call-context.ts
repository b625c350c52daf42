import type { Metadata } from '@grpc/grpc-js';

/** What a handler knows about the call it serves. */
export interface CallContext {
  /** `holdfast.object.v1.ObjectService/GetObject`. */
  readonly method: string;
  /**
   * Names the call in logs: what the caller sent as `x-request-id`, if that is 1 to 64 visible
   * ASCII characters, else made by the server. The answer's initial metadata carries it.
   */
  readonly requestId: string;
  /** Of the server's own span where tracing is on, else what the caller sent. */
  readonly traceparent: string | undefined;
  /** What the caller sent. */
  readonly metadata: Metadata;
  readonly peer: string;
  /**
   * Milliseconds since 1970; Infinity for a stream of a caller who set none. A deadline however far
   * off is the caller's own affair: it is left as it is.
   */
  readonly deadline: number;
  /**
   * Aborts when the caller goes away, the deadline passes, the stream stalls or the server forces
   * its end. Its reason is the RpcError the call ends with.
   */
  readonly signal: AbortSignal;
}
