import { status } from '@grpc/grpc-js';
import {
  createLineLimit,
  isServerFault,
  type CounterSeries,
  type Logger,
  type Metrics,
  type Tracer,
} from '@holdfast/service-kit';
import type { BatchObserver, FailedOperation } from './batch-observer.js';
import type { Operation } from './operation.js';

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

/** Counts the operations of batches, and tells of those that failed by a fault of ours. */
export function observeOperations({
  metrics,
  logger,
  tracer,
  now,
}: OperationsObserverDependencies): BatchObserver {
  const counter = metrics.counter('batch_operations_total', 'Operations of batches, by outcome', [
    'kind',
    'code',
  ]);
  const successes = kinds.map((kind) => counter.labels(kind, 'OK'));
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

  return {
    began(kind, names) {
      if (!tracer.enabled) return undefined;
      const name = `holdfast.object.v1.ObjectService/BatchObjects ${kind ?? 'unknown'}`;
      return tracer.startSpan(name, { kind: 'server', traceparent: names.traceparent() });
    },
    succeeded(kind, span) {
      successes[kindIndex(kind)]?.add();
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
