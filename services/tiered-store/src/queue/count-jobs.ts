import type { CleanupJob, CleanupProducer } from '@holdfast/domain';
import type { BullmqProducer } from '@holdfast/queue-bullmq';
import type { CounterSeries, Metrics } from '@holdfast/service-kit';

interface JobCounts {
  readonly enqueued: CounterSeries;
  readonly refused: CounterSeries;
}

/** The same producer, and what it does in numbers. */
export function countJobs(
  producer: Pick<BullmqProducer, 'enqueue' | 'isConnected' | 'inFlight'>,
  metrics: Metrics,
): CleanupProducer {
  metrics.gauge(
    'cleanup_redis_connected',
    'Whether the cleanup queue can be reached: 1 or 0',
    () => (producer.isConnected() ? 1 : 0),
  );
  metrics.gauge('cleanup_jobs_in_flight', 'Cleanup jobs on their way to the queue', () =>
    producer.inFlight(),
  );
  const jobs = metrics.counter(
    'cleanup_jobs_enqueued_total',
    'Cleanup jobs by what became of them: enqueued, or refused; then a sweep offers them again',
    ['kind', 'outcome'],
  );
  const countsOf = (kind: CleanupJob['kind']): JobCounts => ({
    enqueued: jobs.labels(kind, 'enqueued'),
    refused: jobs.labels(kind, 'refused'),
  });
  const counts: Readonly<Record<CleanupJob['kind'], JobCounts>> = {
    'settle-change': countsOf('settle-change'),
    'reclaim-blob': countsOf('reclaim-blob'),
  };

  return {
    async enqueue(job, notBefore) {
      try {
        await producer.enqueue(job, notBefore);
        counts[job.kind].enqueued.add();
      } catch (error) {
        counts[job.kind].refused.add();
        throw error;
      }
    },
  };
}
