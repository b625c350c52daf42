import type { Clock } from '@holdfast/domain';
import { type BullmqQueues, type QueueStats } from '@holdfast/queue-bullmq';
import type { Gauge, Metrics } from '@holdfast/service-kit';

export interface QueueGaugesDependencies {
  readonly queues: Pick<BullmqQueues, 'stats' | 'isConnected'>;
  readonly metrics: Metrics;
  readonly clock: Clock;
}

/**
 * What the queues hold, in numbers. Answers how to read them anew: that is for a duty, since a scrape
 * must not wait for Redis. Numbers that cannot be read are left out, rather than being old.
 */
export function exportQueues({
  queues,
  metrics,
  clock,
}: QueueGaugesDependencies): () => Promise<void> {
  metrics.gauge('cleanup_redis_connected', 'Whether the queues can be reached: 1 or 0', () =>
    queues.isConnected() ? 1 : 0,
  );
  const gauges = {
    jobs: metrics.gauge(
      'cleanup_queue_jobs',
      'Jobs by state: waiting (due), delayed (for later), active (running), dead (out of attempts)',
      ['queue', 'state'],
    ),
    oldest: metrics.gauge(
      'cleanup_queue_oldest_waiting_seconds',
      'How long ago the job that is next in line could have run; 0 when none waits',
      ['queue'],
    ),
    paused: metrics.gauge('cleanup_queue_paused', 'Whether an operator has paused it: 1 or 0', [
      'queue',
    ]),
  };

  function clear(): void {
    for (const gauge of Object.values(gauges)) gauge.clear();
  }

  return async () => {
    // That it is away is told already.
    if (!queues.isConnected()) return clear();
    try {
      for (const queue of await queues.stats()) show(queue, gauges, clock);
    } catch (cause) {
      clear();
      throw cause;
    }
  };
}

interface QueueGauges {
  readonly jobs: Gauge;
  readonly oldest: Gauge;
  readonly paused: Gauge;
}

function show(stats: QueueStats, { jobs, oldest, paused }: QueueGauges, clock: Clock): void {
  const { name, waiting, delayed, active, deadLetters, oldestWaitingTime, pausedFor } = stats;
  const byState = { waiting, delayed, active, dead: deadLetters };
  for (const [state, count] of Object.entries(byState)) jobs.labels(name, state).set(count);
  const now = clock.now();
  oldest.labels(name).set(Math.max(0, now - (oldestWaitingTime ?? now)) / 1_000);
  paused.labels(name).set(pausedFor === undefined ? 0 : 1);
}
