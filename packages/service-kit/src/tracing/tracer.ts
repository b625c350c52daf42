export type SpanKind = 'server' | 'client' | 'internal';
export type SpanAttributes = Readonly<Record<string, string | number | boolean>>;

export interface SpanOptions {
  readonly kind: SpanKind;
  /** The W3C trace context of the parent. What is malformed is as good as none. */
  readonly traceparent?: string | undefined;
  readonly attributes?: SpanAttributes | undefined;
}

export interface Span {
  /** The trace context to hand on: of this span, or the parent's as it came when tracing is off. */
  readonly traceparent: string | undefined;
  setAttribute(name: string, value: string | number | boolean): void;
  setError(message: string): void;
  /** Told once, at the end. */
  end(): void;
}

/** Records what happens when, for a collector. It never throws and never makes anybody wait. */
export interface Tracer {
  readonly enabled: boolean;
  startSpan(name: string, options: SpanOptions): Span;
  /** Sends what is left, for a bounded time. */
  close(): Promise<void>;
}
