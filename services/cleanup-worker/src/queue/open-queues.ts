import type { Clock } from '@holdfast/domain';
import {
  openCleanupQueues,
  type BullmqQueues,
  type QueueReport,
  type RedisOptions,
} from '@holdfast/queue-bullmq';
import { startupErrorOf } from '@holdfast/service-kit';
import type { Settings } from '../config.js';

export function redisOptions({ url, tls, prefix }: Settings['queue']): RedisOptions {
  return { url: url.reveal(), tls, prefix };
}

/** Connects in the background. Refuses, with a `StartupError`, files of certificates that it cannot use. */
export function openQueues(
  { queue, cleaning }: Pick<Settings, 'queue' | 'cleaning'>,
  dependencies: {
    readonly clock: Clock;
    readonly random: () => number;
    readonly report: QueueReport;
  },
): BullmqQueues {
  const { settlesPerSecondMax, reclaimsPerSecondMax } = cleaning;
  const jobsPerSecondMax = {
    settle: limitOf(settlesPerSecondMax),
    reclaim: limitOf(reclaimsPerSecondMax),
  };
  const options = { ...cleaning, jobsPerSecondMax };
  try {
    return openCleanupQueues(redisOptions(queue), options, dependencies);
  } catch (cause) {
    throw startupErrorOf('queue', cause);
  }
}

/** The setting's 0 is no limit. */
function limitOf(perSecondMax: number): number | undefined {
  return perSecondMax === 0 ? undefined : perSecondMax;
}
