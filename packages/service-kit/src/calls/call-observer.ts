/** What is known of a call when it begins. */
export interface ObservedCall {
  readonly method: string;
  readonly kind: 'unary' | 'upload' | 'download' | 'bidi';
  readonly requestId: string;
  readonly peer: string;
  readonly traceparent: string | undefined;
}

/** Why a call failed: an error with its machine-readable reason, if it has one. */
export type CallFailure = Error & { readonly reason?: string | undefined };

export interface CallRecord {
  /** Of the span made for the call, else what the caller sent. */
  readonly traceparent: string | undefined;
  /** Told once, with the gRPC status code. */
  ended(code: number, error: CallFailure | undefined): void;
}

/** Hears of every call of a server: counts it, logs what failed, traces it. */
export interface CallObserver {
  started(call: ObservedCall): CallRecord;
  refused(why: string): void;
}
