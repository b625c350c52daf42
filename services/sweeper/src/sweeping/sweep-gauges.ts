import type { SweepQueue } from '@holdfast/queue-bullmq';
import type { Metrics } from '@holdfast/service-kit';

export interface SweepGaugesDependencies {
  readonly queue: Pick<SweepQueue, 'stats' | 'isConnected'>;
  readonly metrics: Metrics;
}

/**
 * What the queue of sweeps holds, in numbers. Answers how to read them anew: a scrape must not wait for
 * Redis. Numbers that cannot be read are left out, rather than being old.
 */
export function exportSweepQueue({ queue, metrics }: SweepGaugesDependencies): () => Promise<void> {
  metrics.gauge('sweep_redis_connected', 'Whether the queues can be reached: 1 or 0', () =>
    queue.isConnected() ? 1 : 0,
  );
  const jobs = metrics.gauge(
    'sweep_queue_jobs',
    'Jobs of sweeps by state: waiting (due), active (running), failed (kept to look at)',
    ['state'],
  );

  return async () => {
    // That it is away is told already.
    if (!queue.isConnected()) return jobs.clear();
    try {
      const { waiting, active, deadLetters } = await queue.stats();
      const byState = { waiting, active, failed: deadLetters };
      for (const [state, count] of Object.entries(byState)) jobs.labels(state).set(count);
    } catch (cause) {
      jobs.clear();
      throw cause;
    }
  };
}
