import type { RawOperation } from '@holdfast/rpc';
import type { CounterSeries, Metrics } from '@holdfast/service-kit';

/** The counter of each kind of operation in callers' batches. */
export type OperationCounts = Readonly<
  Record<NonNullable<RawOperation['kind']> | 'unknown', CounterSeries>
>;

export function createOperationCounts(metrics: Metrics): OperationCounts {
  const counter = metrics.counter(
    'gateway_batch_operations_total',
    "Operations of callers' batches",
    ['kind'],
  );
  const of = (kind: keyof OperationCounts): CounterSeries => counter.labels(kind);
  return {
    put: of('put'),
    get: of('get'),
    head: of('head'),
    delete: of('delete'),
    unknown: of('unknown'),
  };
}
