import { openQueueSetup, type RedisOptions } from '@holdfast/queue-bullmq';
import { startupErrorOf } from '@holdfast/service-kit';
import type { StorageSettings } from '../settings/storage-settings.js';
import { bootstrap, type BootstrapOptions, type BootstrapReport } from './bootstrap.js';
import type { BootstrapPlan } from './bootstrap-settings.js';
import { join, nothing, type OpenedResources } from './opened-resources.js';
import { queueResources, type QueueOptions } from './queues.js';
import { redisPolicyResource } from './redis-policy.js';
import { openStorageResources } from './storage-resources.js';

/** Everything around the services: what the tiers need, Redis, the queues. */
export async function bootstrapAll(
  plan: BootstrapPlan,
  options: BootstrapOptions,
): Promise<BootstrapReport> {
  const { storage, redis } = plan;
  const tiers = await openStorageResources(storage);
  // Last, as it connects at once: what else cannot be opened leaves no connection behind.
  const queues = redis === undefined ? nothing : openQueueResources(redis, plan);
  return runAndClose(join(tiers, queues), options);
}

/** What the tiers need, and nothing else. */
export async function bootstrapStorage(settings: StorageSettings): Promise<BootstrapReport> {
  return runAndClose(await openStorageResources(settings), { checkOnly: false });
}

const aliveMs = 60_000;

/**
 * Keeps the process alive meanwhile: the pauses between attempts do not, and there may be nothing else
 * that does.
 */
async function runAndClose(
  opened: OpenedResources,
  options: BootstrapOptions,
): Promise<BootstrapReport> {
  const alive = setInterval(() => undefined, aliveMs);
  try {
    return await bootstrap(opened.resources, options);
  } finally {
    await opened.close();
    clearInterval(alive);
  }
}

function openQueueResources(redis: RedisOptions, options: QueueOptions): OpenedResources {
  try {
    const setup = openQueueSetup(redis);
    return {
      resources: [redisPolicyResource(setup), ...queueResources(options, setup)],
      close: async () => setup.close(),
    };
  } catch (cause) {
    // A file of a certificate that cannot be read.
    throw startupErrorOf('queue', cause);
  }
}
