import { createCluster, type QueueCluster, type QueueClusterOptions } from './cluster.js';
import { openOperators, type Operators } from './cleanup-operators.js';
import { openLoaderClient, type LoaderClient } from './loader-client.js';

/** A cluster that cleans up through a queue, and those who talk to it. */
export interface CleanupBed extends QueueCluster {
  readonly callers: LoaderClient;
  /** A client of the tiered store itself. */
  readonly store: LoaderClient;
  /** Ask the first of the workers, unless it is said otherwise. */
  readonly operators: Operators;
  operatorsOf(worker: number): Operators;
  /** Payloads larger than that are blobs. */
  readonly thresholdBytes: number;
}

export type BedOptions = Partial<QueueClusterOptions> & { readonly thresholdBytes?: number };

/** So that many blobs are cheap. */
const thresholdBytesDefault = 1_024;

/** Nothing but Redis is started. */
export async function createCleanupBed(options: BedOptions = {}): Promise<CleanupBed> {
  const { thresholdBytes = thresholdBytesDefault, ...clusterOptions } = options;
  const cluster = await createCluster({
    queue: true,
    ...clusterOptions,
    tieredStore: {
      HOLDFAST_ENGINE__INLINE_THRESHOLD_BYTES: String(thresholdBytes),
      ...clusterOptions.tieredStore,
    },
  });
  const callers = openLoaderClient(cluster.gateway.address);
  const store = openLoaderClient(cluster.tieredStore.address);
  const ofWorkers = cluster.workers.map(({ address }) => openOperators(address));
  const operatorsOf = (worker: number): Operators => {
    const operators = ofWorkers[worker];
    if (operators === undefined) throw new Error(`there is no worker ${worker}`);
    return operators;
  };
  return {
    ...cluster,
    callers,
    store,
    operators: operatorsOf(0),
    operatorsOf,
    thresholdBytes,
    async close() {
      for (const client of [callers, store, ...ofWorkers]) client.close();
      await cluster.close();
    },
  };
}

export async function startCleanupBed(options: BedOptions = {}): Promise<CleanupBed> {
  const bed = await createCleanupBed(options);
  try {
    await bed.tieredStore.start();
    await Promise.all([bed.gateway, ...bed.workers].map((service) => service.start()));
    return bed;
  } catch (error) {
    await bed.close();
    throw error;
  }
}
