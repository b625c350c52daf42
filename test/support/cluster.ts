import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from './cluster-ports.js';
import {
  createQueueParts,
  queuePortsOf,
  type ClusterQueue,
  type QueueOptions,
} from './cluster-queue.js';
import { createClusterService, type ClusterService, type Settings } from './cluster-service.js';
import { openClusterStorage, type ClusterStorage, type StorageName } from './cluster-storage.js';

/** A gateway in front of a tiered store, each a process of its own, over a storage of their own. */
export interface Cluster {
  readonly gateway: ClusterService;
  readonly tieredStore: ClusterService;
  /** Where the storage keeps its files, if it does. */
  readonly directory: string;
  readonly storage: Pick<ClusterStorage, 'kinds' | 'withLongTerm'>;
  /** What there is of blobs, complete or not. */
  payloads: ClusterStorage['payloads'];
  ageBrokenUploads: ClusterStorage['ageBrokenUploads'];
  /** Ends everything and removes what was stored. */
  close(): Promise<void>;
}

export interface ClusterOptions {
  /** For all services. */
  readonly settings?: Settings;
  readonly gateway?: Settings;
  readonly tieredStore?: Settings;
  /** LMDB and a file system, unless HOLDFAST_TEST_STORAGE says otherwise. */
  readonly storage?: StorageName;
}

/**
 * The same with Redis and cleanup workers, which clean up instead of the store, and with sweepers if they
 * are asked for.
 */
export type QueueCluster = Cluster & ClusterQueue;

export type QueueClusterOptions = ClusterOptions & QueueOptions;

type AnyOptions = ClusterOptions & Partial<QueueOptions>;
type AnyCluster = Cluster & Partial<ClusterQueue>;

export async function startCluster(options: QueueClusterOptions): Promise<QueueCluster>;
export async function startCluster(options?: ClusterOptions): Promise<Cluster>;
export async function startCluster(options: AnyOptions = {}): Promise<AnyCluster> {
  const cluster = await createAnyCluster(options);
  const { tieredStore, gateway, workers = [], sweepers = [] } = cluster;
  try {
    await tieredStore.start();
    await Promise.all([gateway, ...workers, ...sweepers].map((service) => service.start()));
    return cluster;
  } catch (error) {
    await cluster.close();
    throw error;
  }
}

/** The same, with nothing started yet but Redis. */
export async function createCluster(options: QueueClusterOptions): Promise<QueueCluster>;
export async function createCluster(options?: ClusterOptions): Promise<Cluster>;
export async function createCluster(options: AnyOptions = {}): Promise<AnyCluster> {
  return createAnyCluster(options);
}

async function createAnyCluster(options: AnyOptions): Promise<AnyCluster> {
  const [gatewayPort = 0, gatewayHttp = 0, storePort = 0, storeHttp = 0, ...otherPorts] =
    await freePorts(4 + queuePortsOf(options));
  const queue = await createQueueParts(options, {
    storeAddress: `127.0.0.1:${storePort}`,
    ports: otherPorts,
    settings: options.settings,
  });
  const directory = await mkdtemp(join(tmpdir(), 'holdfast-cluster-'));
  const storage = await openClusterStorage(directory, options.storage);
  const tieredStore = createClusterService({
    name: 'tiered-store',
    port: storePort,
    httpPort: storeHttp,
    settings: {
      ...storage.settings,
      ...queue?.settings,
      ...options.settings,
      ...options.tieredStore,
    },
  });
  const gateway = createClusterService({
    name: 'gateway',
    port: gatewayPort,
    httpPort: gatewayHttp,
    settings: {
      HOLDFAST_TIERED_STORE__ADDRESSES: tieredStore.address,
      ...options.settings,
      ...options.gateway,
    },
  });
  const { workers = [], sweepers = [] } = queue?.parts ?? {};
  const services = [gateway, ...workers, ...sweepers, tieredStore];
  return {
    gateway,
    tieredStore,
    ...queue?.parts,
    directory,
    storage,
    payloads: storage.payloads,
    ageBrokenUploads: storage.ageBrokenUploads,
    async close() {
      for (const service of services) if (service.isRunning()) await service.kill();
      await queue?.parts.redis.remove();
      await storage.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
