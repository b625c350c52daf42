import type { Admission, ByteBudget, Metrics } from '@holdfast/service-kit';

export interface Capacity {
  readonly admission: Admission;
  readonly payloadBytes: ByteBudget;
  readonly metrics: Metrics;
}

/** What there is room for, and how much of it is taken. */
export function exportCapacity({ admission, payloadBytes, metrics }: Capacity): void {
  const { limits } = admission;
  const gauges: readonly (readonly [string, string, () => number])[] = [
    ['operations_in_flight', 'Operations that run', () => admission.inFlight()],
    ['operations_in_flight_bulk', 'Of these, those of batches', () => admission.inFlight('bulk')],
    ['operations_in_flight_limit', 'Operations that may run', () => limits.inFlightMax],
    ['operations_in_flight_bulk_limit', 'Of batches', () => limits.bulkInFlightMax],
    ['operations_queued', 'Operations that wait for leave to run', () => admission.queued()],
    ['operations_queued_bulk', 'Of these, those of batches', () => admission.queued('bulk')],
    ['operations_queued_limit', 'Operations that may wait', () => limits.queueMax],
    ['payload_held_bytes', 'Bytes of payload held in the process', () => payloadBytes.used()],
    ['payload_held_limit_bytes', 'Bytes that may be held', () => payloadBytes.bytesMax],
    ['payload_waiting_streams', 'Streams that wait for bytes', () => payloadBytes.waiting()],
  ];
  for (const [name, help, read] of gauges) metrics.gauge(name, help, read);
}
