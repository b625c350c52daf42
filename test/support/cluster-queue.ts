import { createClusterService, type ClusterService, type Settings } from './cluster-service.js';
import { startRedis, type RedisServer, type RedisServerOptions } from './redis.js';

/** What a cluster has in addition when it cleans up through a queue, each a process of its own. */
export interface ClusterQueue {
  readonly redis: RedisServer;
  /** The first of the workers. */
  readonly worker: ClusterService;
  readonly workers: readonly ClusterService[];
}

export interface QueueOptions {
  /** `true`, or what is different about the Redis. */
  readonly queue: true | RedisServerOptions;
  /** For every worker. */
  readonly worker?: Settings;
  /** How many workers; one when it is not said. */
  readonly workerCount?: number;
}

export interface QueuePlace {
  readonly storeAddress: string;
  readonly ports: readonly number[];
  /** For all services. */
  readonly settings: Settings | undefined;
}

interface QueueParts {
  readonly parts: ClusterQueue;
  /** What makes a service use that Redis. */
  readonly settings: Settings;
}

/** How many ports the workers take. */
export function workerPortsOf({ queue, workerCount = 1 }: Partial<QueueOptions>): number {
  return queue === undefined ? 0 : 2 * workerCount;
}

/** Starts Redis, and nothing else yet. Resolves to nothing where no queue is asked for. */
export async function createQueueParts(
  { queue, worker: ofWorkers, workerCount = 1 }: Partial<QueueOptions>,
  { storeAddress, ports, settings: ofAll }: QueuePlace,
): Promise<QueueParts | undefined> {
  if (queue === undefined) return undefined;
  const redis = await startRedis(queue === true ? {} : queue);
  const settings = { HOLDFAST_QUEUE__URL: redis.url };
  const workers = Array.from({ length: workerCount }, (_, index) =>
    createClusterService({
      name: 'cleanup-worker',
      port: ports[2 * index] ?? 0,
      httpPort: ports[2 * index + 1] ?? 0,
      settings: {
        HOLDFAST_TIERED_STORE__ADDRESSES: storeAddress,
        ...settings,
        ...ofAll,
        ...ofWorkers,
      },
    }),
  );
  const [worker] = workers;
  if (worker === undefined) throw new Error('a cluster with a queue has at least one worker');
  return { parts: { redis, worker, workers }, settings };
}
