import { mkdtemp, readdir, rm, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from './cluster-ports.js';
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
  /** Ends both and removes the folder. */
  close(): Promise<void>;
}

export interface ClusterOptions {
  /** For both. */
  readonly settings?: Settings;
  readonly gateway?: Settings;
  readonly tieredStore?: Settings;
}

/** Longer than a store takes an upload for one that may still go on. */
const brokenAgeMs = 24 * 3_600_000;

export async function startCluster(options: ClusterOptions = {}): Promise<Cluster> {
  const cluster = await createCluster(options);
  try {
    await cluster.tieredStore.start();
    await cluster.gateway.start();
    return cluster;
  } catch (error) {
    await cluster.close();
    throw error;
  }
}

/** The same, with nothing started yet. */
export async function createCluster(options: ClusterOptions = {}): Promise<Cluster> {
  const directory = await mkdtemp(join(tmpdir(), 'holdfast-cluster-'));
  const [gatewayPort = 0, gatewayHttp = 0, storePort = 0, storeHttp = 0] = await freePorts(4);
  const blobs = join(directory, 'blobs');
  const tieredStore = createClusterService({
    name: 'tiered-store',
    port: storePort,
    httpPort: storeHttp,
    settings: {
      ...storageSettings(directory, blobs),
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
  return {
    gateway,
    tieredStore,
    directory,
    blobFiles: () => payloadFiles(blobs),
    async ageBrokenUploads() {
      const then = new Date(Date.now() - brokenAgeMs);
      for (const path of await filesBelow(join(blobs, 'tmp'))) await utimes(path, then, then);
    },
    async close() {
      for (const service of [gateway, tieredStore]) if (service.isRunning()) await service.kill();
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
