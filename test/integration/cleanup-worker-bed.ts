import { credentials } from '@grpc/grpc-js';
import { maintenance, type object } from '@holdfast/contracts';
import { changeIdOf, parseRevision, type CleanupJob, type Timestamp } from '@holdfast/domain';
import type { BullmqProducer, BullmqQueues } from '@holdfast/queue-bullmq';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { blobNames, openClient, pendingChanges, put, uploadOf } from './tiered-store-process.js';
import { freePorts } from '../support/cluster-ports.js';
import {
  createClusterService,
  type ClusterService,
  type Settings,
} from '../support/cluster-service.js';
import { sampleBytes } from '../support/engine/payloads.js';
import { openProducer, openQueues, newPrefix } from '../support/redis-queue.js';
import { startRedis, type RedisServer } from '../support/redis.js';

/** A store on real storage, Redis and workers, each a process of its own. The test puts jobs on the queue. */
export interface WorkerBed {
  readonly redis: RedisServer;
  readonly store: ClusterService;
  readonly worker: ClusterService;
  /** Not started yet. */
  readonly secondWorker: ClusterService;
  readonly producer: BullmqProducer;
  readonly queues: BullmqQueues;
  readonly maintainer: maintenance.MaintenanceServiceClient;
  /** Replaces so many large objects; answers the ids of the changes that this leaves on the log. */
  replaceObjects(count: number): Promise<readonly string[]>;
  enqueue(jobs: readonly CleanupJob[]): Promise<void>;
  blobs(): Promise<readonly string[]>;
  changes(): Promise<readonly string[]>;
  close(): Promise<void>;
}

const payloadBytes = 4_000;

/** Nothing cleans up here but a worker that is told to. */
const storeSettings: Settings = {
  HOLDFAST_ENGINE__INLINE_THRESHOLD_BYTES: '1000',
  HOLDFAST_ENGINE__READER_GRACE_MS: '0',
  HOLDFAST_CLEANUP__CHECK_MS: '60000',
};

const workerSettings: Settings = {
  HOLDFAST_CLEANING__CLAIM_MS: '2000',
  HOLDFAST_CLEANING__BACKOFF_MS: '50',
  HOLDFAST_CLEANING__BACKOFF_MS_MAX: '200',
  HOLDFAST_BREAKER__OPEN_MS: '100',
  HOLDFAST_BREAKER__OPEN_MS_MAX: '200',
  HOLDFAST_ORPHAN_BYTES__EVERY_MS: '1000',
};

/** The store and the first worker run. */
export async function startWorkerBed(settings: Settings = {}): Promise<WorkerBed> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-cleanup-worker-'));
  const redis = await startRedis();
  const [storePort = 0, storeHttp = 0, ...workerPorts] = await freePorts(6);
  const store = createClusterService({
    name: 'tiered-store',
    port: storePort,
    httpPort: storeHttp,
    settings: {
      HOLDFAST_STORAGE__HIGH_VOLUME__DIRECTORY: join(folder, 'rows'),
      HOLDFAST_STORAGE__LONG_TERM__DIRECTORY: join(folder, 'blobs'),
      ...storeSettings,
    },
  });
  const prefix = newPrefix();
  const [worker, secondWorker] = [0, 2].map((at) =>
    createClusterService({
      name: 'cleanup-worker',
      port: workerPorts[at] ?? 0,
      httpPort: workerPorts[at + 1] ?? 0,
      settings: {
        HOLDFAST_QUEUE__URL: redis.url,
        HOLDFAST_QUEUE__PREFIX: prefix,
        HOLDFAST_TIERED_STORE__ADDRESSES: store.address,
        ...workerSettings,
        ...settings,
      },
    }),
  ) as [ClusterService, ClusterService];
  await Promise.all([store.start(), worker.start()]);
  const producer = await openProducer({ url: redis.url, prefix });
  const queues = await openQueues({ url: redis.url, prefix });
  const client = openClient(store.address);
  const maintainer = new maintenance.MaintenanceServiceClient(
    store.address,
    credentials.createInsecure(),
  );

  async function changes(): Promise<readonly string[]> {
    const page = await pendingChanges(maintainer);
    return page.changes.map(({ changeId }) => changeId);
  }

  return {
    redis,
    store,
    worker,
    secondWorker,
    producer,
    queues,
    maintainer,
    changes,
    blobs: () => blobNames(maintainer),
    async replaceObjects(count) {
      await Promise.all(Array.from({ length: count }, (_, at) => replace(client, `key ${at}`)));
      return changes();
    },
    async enqueue(jobs) {
      await Promise.all(jobs.map((job) => producer.enqueue(job, Date.now() as Timestamp)));
    },
    async close() {
      client.close();
      maintainer.close();
      await Promise.all([producer.close(), queues.close()]);
      for (const service of [worker, secondWorker, store]) {
        if (service.isRunning()) await service.kill();
      }
      await redis.remove();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function replace(client: object.ObjectServiceClient, key: string): Promise<void> {
  await put(client, uploadOf(key, sampleBytes(payloadBytes, 1)));
  await put(client, uploadOf(key, sampleBytes(payloadBytes, 2)));
}

export function settleJobs(changeIds: readonly string[]): readonly CleanupJob[] {
  return changeIds.map((changeId) => {
    return { kind: 'settle-change', changeId: changeIdOf(parseRevision(changeId)) };
  });
}
