import { status } from '@grpc/grpc-js';
import {
  createLineLimit,
  isServerFault,
  runEvery,
  type BackgroundLoop,
  type CounterSeries,
  type DutyDependencies,
  type Logger,
  type Metrics,
  type Tracer,
} from '@holdfast/service-kit';
import type { BatchObserver, FailedOperation } from './batch-observer.js';
import type { Operation } from './operation.js';

export interface OperationsObserver extends BatchObserver {
  /** Hands on what was counted since. */
  flush(): void;
  /** Does so every second. */
  startFlushing(dependencies: DutyDependencies): BackgroundLoop;
}

export interface OperationsObserverDependencies {
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly tracer: Tracer;
  /** In milliseconds, for the lines of a second. */
  readonly now?: () => number;
}

const kinds = ['put', 'get', 'head', 'delete', 'unknown'] as const;
/** Faults come in floods. What is said beyond this is counted and not written. */
const faultLinesPerSecondMax = 20;
const flushMs = 1_000;

/**
 * Counts the operations of batches. A success only adds to a number of this process; the metrics
 * hear of it with the next flush.
 */
export function observeOperations({
  metrics,
  logger,
  tracer,
  now,
}: OperationsObserverDependencies): OperationsObserver {
  const counter = metrics.counter('batch_operations_total', 'Operations of batches, by outcome', [
    'kind',
    'code',
  ]);
  const successes = kinds.map((kind) => ({ series: counter.labels(kind, 'OK'), count: 0 }));
  // So that a dashboard shows a zero and not a gap.
  for (const { series } of successes) series.add(0);
  const failures = new Map<string, CounterSeries>();
  const mayLogFault = createLineLimit(faultLinesPerSecondMax, now);

  function countFailure(kind: Operation['kind'], code: status): void {
    const key = `${kind ?? 'unknown'} ${status[code]}`;
    let series = failures.get(key);
    if (series === undefined) {
      series = counter.labels(kind ?? 'unknown', status[code]);
      failures.set(key, series);
    }
    series.add();
  }

  function logFault({ kind, names, error }: FailedOperation): void {
    const unsaid = mayLogFault();
    if (unsaid === undefined) return;
    const { code, reason, message, cause } = error;
    const named = { requestId: names.requestId(), traceparent: names.traceparent() };
    const fields = { operation: kind, ...named, code: status[code], reason, why: message };
    logger.warn(
      { ...fields, cause: cause ?? error, ...(unsaid > 0 ? { unsaid } : {}) },
      'an operation failed',
    );
  }

  function flush(): void {
    for (const counted of successes) {
      if (counted.count === 0) continue;
      counted.series.add(counted.count);
      counted.count = 0;
    }
  }

  return {
    began(kind, names) {
      if (!tracer.enabled) return undefined;
      const name = `holdfast.object.v1.ObjectService/BatchObjects ${kind ?? 'unknown'}`;
      return tracer.startSpan(name, { kind: 'server', traceparent: names.traceparent() });
    },
    succeeded(kind, span) {
      const counted = successes[kindIndex(kind)];
      if (counted !== undefined) counted.count += 1;
      span?.end();
    },
    failed(operation) {
      const { code } = operation.error;
      // Of what a caller did wrong the caller was told.
      const isFault = isServerFault(code);
      if (!operation.wasAnswered) countFailure(operation.kind, code);
      if (isFault) operation.span?.setError(status[code]);
      operation.span?.end();
      if (isFault && operation.error.reason !== 'SHUTTING_DOWN') logFault(operation);
    },
    flush,
    startFlushing(dependencies) {
      const options = { name: 'count-operations', everyMs: flushMs, runMsMax: flushMs };
      return runEvery(options, () => Promise.resolve(flush()), dependencies);
    },
  };
}

function kindIndex(kind: Operation['kind']): number {
  switch (kind) {
    case 'put':
      return 0;
    case 'get':
      return 1;
    case 'head':
      return 2;
    case 'delete':
      return 3;
    case undefined:
      return 4;
  }
}
