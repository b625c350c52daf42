import type { CleanupProducer, Clock } from '@holdfast/domain';
import {
  inspectRedis,
  openCleanupProducer,
  producerDefaults,
  type QueueReport,
  type RedisOptions,
} from '@holdfast/queue-bullmq';
import { StartupError, type Logger, type Metrics, type ServiceScope } from '@holdfast/service-kit';
import type { Settings } from '../config.js';
import { countJobs } from './count-jobs.js';
import { createRedisWatch } from './redis-watch.js';

export interface CleanupQueueDependencies {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/** The start waits no longer to learn whether it is connected. */
const connectMsMax = 1_000;

/**
 * Where cleanup is queued for workers. Redis may be down: what cannot be queued stays on the change
 * log. Refuses a Redis that must not be used, and files of certificates that cannot be.
 */
export async function openCleanupQueue(
  { url, tls, prefix }: NonNullable<Settings['queue']>,
  scope: Pick<ServiceScope, 'onShutdown' | 'signal'>,
  { clock, logger, metrics }: CleanupQueueDependencies,
): Promise<CleanupProducer> {
  const redis: RedisOptions = { url: url.reveal(), tls, prefix };
  const inspect = () => inspectRedis(redis);
  const watch = createRedisWatch({ inspect, clock, logger, signal: scope.signal });
  try {
    await watch.inspectAtStart();
    const known = new AbortController();
    const report = tellingOf(watch.report, () => known.abort());
    const producer = openCleanupProducer(redis, producerDefaults, { clock, report });
    // The engine, and with it all that is still to be queued, has come to its end by then.
    scope.onShutdown('settle', 'cleanup queue', () => producer.close());
    // Where Redis is up, what is found on the log at the start can be queued.
    await clock.sleep(connectMsMax, AbortSignal.any([known.signal, scope.signal]));
    return countJobs(producer, metrics);
  } catch (cause) {
    if (cause instanceof StartupError) throw cause;
    throw new StartupError(`queue: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    });
  }
}

/** The same report, and a word when it is known whether Redis is there. */
function tellingOf(report: QueueReport, known: () => void): QueueReport {
  return {
    ...report,
    connected() {
      known();
      report.connected();
    },
    disconnected(cause) {
      known();
      report.disconnected(cause);
    },
  };
}
