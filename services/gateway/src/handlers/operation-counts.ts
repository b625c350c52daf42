import type { RawOperation } from '@holdfast/rpc';
import {
  runEvery,
  type BackgroundLoop,
  type DutyDependencies,
  type Metrics,
} from '@holdfast/service-kit';

/** Counts the operations of callers' batches. One only adds to a number of this process. */
export interface OperationCounts {
  count(kind: RawOperation['kind']): void;
  /** Tells the metrics every second. */
  startFlushing(dependencies: DutyDependencies): BackgroundLoop;
}

const kinds = ['put', 'get', 'head', 'delete', 'unknown'] as const;
const flushMs = 1_000;

export function createOperationCounts(metrics: Metrics): OperationCounts {
  const counter = metrics.counter(
    'gateway_batch_operations_total',
    "Operations of callers' batches",
    ['kind'],
  );
  const counts = { put: 0, get: 0, head: 0, delete: 0, unknown: 0 };
  const series = kinds.map((kind) => ({ kind, counted: counter.labels(kind) }));
  // So that a dashboard shows a zero and not a gap.
  for (const { counted } of series) counted.add(0);

  function flush(): Promise<void> {
    for (const { kind, counted } of series) {
      if (counts[kind] > 0) counted.add(counts[kind]);
      counts[kind] = 0;
    }
    return Promise.resolve();
  }

  return {
    count(kind) {
      counts[kind ?? 'unknown'] += 1;
    },
    startFlushing(dependencies) {
      const options = { name: 'count-operations', everyMs: flushMs, runMsMax: flushMs };
      return runEvery(options, flush, dependencies);
    },
  };
}
