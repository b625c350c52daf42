import { mkdtemp, readdir, rm, utimes } from 'node:fs/promises';
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

/** A gateway in front of a tiered store, each a process of its own, over a folder of their own. */
export interface Cluster {
  readonly gateway: ClusterService;
  readonly tieredStore: ClusterService;
  readonly directory: string;
  /** The files that hold payload of blobs, complete or not. */
  blobFiles(): Promise<string[]>;
  /** Makes uploads that have broken off look as if that had been hours ago. */
  ageBrokenUploads(): Promise<void>;
  /** Ends everything and removes the folder. */
  close(): Promise<void>;
}

export interface ClusterOptions {
  /** For all services. */
  readonly settings?: Settings;
  readonly gateway?: Settings;
  readonly tieredStore?: Settings;
}

/**
 * The same with Redis and cleanup workers, which clean up instead of the store, and with sweepers if they
 * are asked for.
 */
export type QueueCluster = Cluster & ClusterQueue;

export type QueueClusterOptions = ClusterOptions & QueueOptions;

/** Longer than a store takes an upload for one that may still go on. */
const brokenAgeMs = 24 * 3_600_000;

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
  const blobs = join(directory, 'blobs');
  const tieredStore = createClusterService({
    name: 'tiered-store',
    port: storePort,
    httpPort: storeHttp,
    settings: {
      ...storageSettings(directory, blobs),
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
    blobFiles: () => payloadFiles(blobs),
    async ageBrokenUploads() {
      const then = new Date(Date.now() - brokenAgeMs);
      for (const path of await filesBelow(join(blobs, 'tmp'))) await utimes(path, then, then);
    },
    async close() {
      for (const service of services) if (service.isRunning()) await service.kill();
      await queue?.parts.redis.remove();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

function storageSettings(directory: string, blobs: string): Settings {
  return {
    HOLDFAST_STORAGE__HIGH_VOLUME__KIND: 'lmdb',
    HOLDFAST_STORAGE__HIGH_VOLUME__DIRECTORY: join(directory, 'rows'),
    HOLDFAST_STORAGE__LONG_TERM__KIND: 'filesystem',
    HOLDFAST_STORAGE__LONG_TERM__DIRECTORY: blobs,
  };
}

/** As docs/formats.md has it: complete blobs under `blobs`, those being written under `tmp`. */
async function payloadFiles(root: string): Promise<string[]> {
  return [...(await filesBelow(join(root, 'blobs'))), ...(await filesBelow(join(root, 'tmp')))];
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));
}
