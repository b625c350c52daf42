import { createClusterService, type ClusterService, type Settings } from './cluster-service.js';
import { startRedis, type RedisServer, type RedisServerOptions } from './redis.js';

/** What a cluster has in addition when it cleans up through a queue, each a process of its own. */
export interface ClusterQueue {
  readonly redis: RedisServer;
  /** The first of the workers. */
  readonly worker: ClusterService;
  readonly workers: readonly ClusterService[];
  /** None, unless some were asked for. */
  readonly sweepers: readonly ClusterService[];
}

export interface QueueOptions {
  /** `true`, or what is different about the Redis. */
  readonly queue: true | RedisServerOptions;
  /** For every worker. */
  readonly worker?: Settings;
  /** How many workers; one when it is not said. */
  readonly workerCount?: number;
  /** For every sweeper. */
  readonly sweeper?: Settings;
  /** How many sweepers; one where there are settings for it, none otherwise. */
  readonly sweeperCount?: number;
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

type SomeOptions = Partial<QueueOptions>;

const workersOf = ({ workerCount = 1 }: SomeOptions): number => workerCount;
const sweepersOf = ({ sweeper, sweeperCount }: SomeOptions): number =>
  sweeperCount ?? (sweeper === undefined ? 0 : 1);

/** How many ports the workers and the sweepers take. */
export function queuePortsOf(options: SomeOptions): number {
  return options.queue === undefined ? 0 : 2 * (workersOf(options) + sweepersOf(options));
}

/** Starts Redis, and nothing else yet. Resolves to nothing where no queue is asked for. */
export async function createQueueParts(
  options: SomeOptions,
  { storeAddress, ports, settings: ofAll }: QueuePlace,
): Promise<QueueParts | undefined> {
  const { queue, worker: ofWorkers, sweeper: ofSweepers } = options;
  if (queue === undefined) return undefined;
  const redis = await startRedis(queue === true ? {} : queue);
  const settings = { HOLDFAST_QUEUE__URL: redis.url };
  const common = { HOLDFAST_TIERED_STORE__ADDRESSES: storeAddress, ...settings, ...ofAll };
  const left = [...ports];
  const create = (name: 'cleanup-worker' | 'sweeper', own: Settings = {}): ClusterService => {
    const [port = 0, httpPort = 0] = left.splice(0, 2);
    return createClusterService({ name, port, httpPort, settings: { ...common, ...own } });
  };
  const workers = several(workersOf(options), () => create('cleanup-worker', ofWorkers));
  const sweepers = several(sweepersOf(options), () => create('sweeper', ofSweepers));
  const [worker] = workers;
  if (worker === undefined) throw new Error('a cluster with a queue has at least one worker');
  return { parts: { redis, worker, workers, sweepers }, settings };
}

function several<Item>(count: number, create: () => Item): readonly Item[] {
  return Array.from({ length: count }, create);
}
