import type { CleanupProducer, Clock } from '@holdfast/domain';
import {
  inspectRedis,
  openCleanupProducer,
  producerDefaults,
  type QueueReport,
  type RedisOptions,
} from '@holdfast/queue-bullmq';
import {
  createRedisWatch,
  startupErrorOf,
  type Logger,
  type Metrics,
  type ServiceScope,
} from '@holdfast/service-kit';
import type { Settings } from '../config.js';
import { countJobs } from './count-jobs.js';

export interface CleanupQueueDependencies {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/** The start waits no longer to learn whether it is connected. */
const connectMsMax = 1_000;

const redisTexts = {
  connected: 'Redis is connected: cleanup is queued',
  disconnected: 'Redis cannot be reached: cleanup waits on the change log',
  failed: 'the cleanup queue reports a failure',
};

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
  const watch = createRedisWatch(redisTexts, {
    inspect: () => inspectRedis(redis),
    clock,
    logger,
    // Callers are served by this process meanwhile, and lost jobs cost time only.
    refuse: (_error, reasons) => logger.error({ reasons }, 'this Redis may lose cleanup jobs'),
    signal: scope.signal,
  });
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
    throw startupErrorOf('queue', cause);
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
