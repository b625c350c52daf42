/**
 * A call that ends well costs two looks at a map, three numbers and one small object: the series of
 * its method are made once, and nothing is gathered that nobody reads.
 */
import type { Logger } from '../logging/logger.js';
import type { CounterSeries, GaugeSeries, HistogramSeries, Metrics } from '../metrics/metrics.js';
import type { Span, Tracer } from '../tracing/tracer.js';
import type { CallFailure, CallObserver, CallRecord, ObservedCall } from './call-observer.js';
import { createLineLimit } from './line-limit.js';
import { codeName, isOk, isServerFault } from './status-codes.js';

/** From a read out of memory to a large upload over a slow line. */
const secondsBuckets = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
];
/** A process has far fewer; names that callers make up share what is left. */
const methodsMax = 200;
/** Faults come in floods. What is said beyond this is counted and not written. */
const faultLinesPerSecondMax = 20;

interface MethodSeries {
  readonly inFlight: GaugeSeries;
  readonly seconds: HistogramSeries;
  ended(code: number): CounterSeries;
}

interface Observed {
  readonly logger: Logger;
  readonly logsAll: boolean;
  readonly mayLogFault: () => number | undefined;
}

export function createCallObserver(metrics: Metrics, logger: Logger, tracer: Tracer): CallObserver {
  const seriesOf = createMethodSeries(metrics);
  const refusals = metrics.counter(
    'rpc_refused_total',
    'Connections and streams refused before they were calls, by why',
    ['why'],
  );
  const observed: Observed = {
    logger,
    logsAll: logger.isEnabled('debug'),
    mayLogFault: createLineLimit(faultLinesPerSecondMax),
  };
  return {
    started(call) {
      const series = seriesOf(call.method);
      series.inFlight.add(1);
      const span = tracer.enabled ? startSpan(tracer, call) : undefined;
      return new RunningCall(call, series, observed, span);
    },
    refused: (why) => refusals.labels(why).add(),
  };
}

/** A class, because one is made for every call. */
class RunningCall implements CallRecord {
  readonly traceparent: string | undefined;
  private readonly call: ObservedCall;
  private readonly series: MethodSeries;
  private readonly observed: Observed;
  private readonly span: Span | undefined;
  private readonly startedAt = performance.now();

  constructor(
    call: ObservedCall,
    series: MethodSeries,
    observed: Observed,
    span: Span | undefined,
  ) {
    this.call = call;
    this.series = series;
    this.observed = observed;
    this.span = span;
    this.traceparent = span === undefined ? call.traceparent : span.traceparent;
  }

  ended(code: number, error: CallFailure | undefined): void {
    const ms = performance.now() - this.startedAt;
    this.series.inFlight.add(-1);
    this.series.ended(code).add();
    // How long a conversation was kept up says nothing about how fast anything was answered.
    if (this.call.kind !== 'bidi') this.series.seconds.observe(ms / 1000);
    if (this.span !== undefined) endSpan(this.span, code, error);
    if (this.observed.logsAll || isFault(code, error)) {
      log(this.observed, this.call, ms, code, error);
    }
  }
}

function log(
  { logger, mayLogFault }: Observed,
  { method, requestId, peer }: ObservedCall,
  ms: number,
  code: number,
  error: CallFailure | undefined,
): void {
  const fields = { method, requestId, peer, ms: Math.round(ms), code: codeName(code) };
  if (isOk(code)) return logger.debug(fields, 'a call was answered');
  const why = { ...fields, reason: error?.reason, why: error?.message };
  if (!isFault(code, error)) return logger.debug(why, 'a call was refused');
  const unsaid = mayLogFault();
  if (unsaid === undefined) return;
  logger.warn(
    { ...why, cause: error?.cause ?? error, ...(unsaid > 0 ? { unsaid } : {}) },
    'a call failed',
  );
}

function startSpan(tracer: Tracer, { method, kind, traceparent, requestId }: ObservedCall): Span {
  const [service = '', name = ''] = method.split('/');
  return tracer.startSpan(method, {
    kind: 'server',
    traceparent,
    attributes: {
      'rpc.system': 'grpc',
      'rpc.service': service,
      'rpc.method': name,
      'holdfast.call.kind': kind,
      'holdfast.request.id': requestId,
    },
  });
}

/** Something to look into. That a server shuts down, its operators know. */
function isFault(code: number, error: CallFailure | undefined): boolean {
  return isServerFault(code) && error?.reason !== 'SHUTTING_DOWN';
}

/** A span is in error when the server is: what a caller got wrong is no fault of this one's. */
function endSpan(span: Span, code: number, error: CallFailure | undefined): void {
  span.setAttribute('rpc.grpc.status_code', code);
  if (error?.reason !== undefined) span.setAttribute('holdfast.reason', error.reason);
  if (isServerFault(code)) span.setError(codeName(code));
  span.end();
}

function createMethodSeries(metrics: Metrics): (method: string) => MethodSeries {
  const calls = metrics.counter('rpc_calls_total', 'Calls that ended, by their status code', [
    'method',
    'code',
  ]);
  const inFlight = metrics.gauge('rpc_calls_in_flight', 'Calls that run now', ['method']);
  const seconds = metrics.histogram(
    'rpc_call_seconds',
    'How long calls ran, long-lived streams left out',
    ['method'],
    secondsBuckets,
  );
  const known = new Map<string, MethodSeries>();
  let rest: MethodSeries | undefined;

  function make(method: string): MethodSeries {
    const byCode = new Map<string, CounterSeries>();

    function ended(code: number): CounterSeries {
      const name = codeName(code);
      const before = byCode.get(name);
      if (before !== undefined) return before;
      const series = calls.labels(method, name);
      byCode.set(name, series);
      return series;
    }

    return {
      inFlight: inFlight.labels(method),
      seconds: seconds.labels(method),
      ended,
    };
  }

  return function seriesOf(method) {
    const series = known.get(method);
    if (series !== undefined) return series;
    if (known.size >= methodsMax) return (rest ??= make('other'));
    const made = make(method);
    known.set(method, made);
    return made;
  };
}
