import { createClient, type Client } from '@holdfast/client';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startRedis, type RedisServer } from '../support/redis.js';
import { serviceFlags, startScript, startService, type BenchProcess } from './api-processes.js';
import type { CloseLater } from './cleanup-parts.js';
import { openBenchQueue, type BenchQueue } from './cleanup-queue.js';

/** What the settles of the cleanup bench run through, each a process by itself. */
export interface CleanupBed {
  readonly redis: RedisServer;
  readonly store: BenchProcess;
  readonly worker: BenchProcess;
  /** A plain BullMQ worker of the same Redis. */
  readonly noop: BenchProcess;
  /** Straight to the store. */
  readonly client: Client;
  /** The jobs of the store's changes. */
  readonly changes: BenchQueue;
  /** Those of the plain worker. */
  readonly plainJobs: BenchQueue;
  readonly blobsDirectory: string;
}

export interface CleanupBedOptions {
  /** Jobs that a worker has under way at once, ours and the baseline's. */
  readonly concurrency: number;
  /** Payloads beyond it become blobs. */
  readonly inlineThresholdBytes: number;
}

const settleQueue = 'changelog-cleanup';
const prefix = '{holdfast}';
const plainPrefix = '{plain}';

export async function openCleanupBed(
  { concurrency, inlineThresholdBytes }: CleanupBedOptions,
  closeLater: CloseLater,
): Promise<CleanupBed> {
  const directory = await mkdtemp(join(tmpdir(), 'holdfast-bench-'));
  closeLater(() => rm(directory, { recursive: true, force: true }));
  const blobsDirectory = join(directory, 'blobs');
  const redis = await startRedis();
  closeLater(() => redis.remove());
  const queue = { HOLDFAST_QUEUE__URL: redis.url, HOLDFAST_QUEUE__PREFIX: prefix };
  const store = await startService('tiered-store', {
    ...queue,
    HOLDFAST_STORAGE__HIGH_VOLUME__DIRECTORY: join(directory, 'rows'),
    HOLDFAST_STORAGE__LONG_TERM__DIRECTORY: blobsDirectory,
    HOLDFAST_ENGINE__READER_GRACE_MS: '0',
    HOLDFAST_ENGINE__INLINE_THRESHOLD_BYTES: String(inlineThresholdBytes),
  });
  closeLater(() => store.stop());
  const worker = await startService('cleanup-worker', {
    ...queue,
    HOLDFAST_TIERED_STORE__ADDRESSES: `127.0.0.1:${store.port}`,
    HOLDFAST_CLEANING__CONCURRENCY: String(concurrency),
    HOLDFAST_CLEANING__SETTLES_PER_SECOND_MAX: '0',
  });
  closeLater(() => worker.stop());
  const noop = await startScript(
    'cleanup-noop-process.js',
    [redis.port, plainPrefix, settleQueue, concurrency],
    serviceFlags,
  );
  closeLater(() => noop.stop());
  const client = createClient({ address: `127.0.0.1:${store.port}` });
  closeLater(() => client.close());
  const openQueue = (queuePrefix: string): BenchQueue => {
    const { port } = redis;
    const opened = openBenchQueue({ port, prefix: queuePrefix, name: settleQueue });
    closeLater(() => opened.close());
    return opened;
  };
  const [changes, plainJobs] = [openQueue(prefix), openQueue(plainPrefix)];
  return { redis, store, worker, noop, client, changes, plainJobs, blobsDirectory };
}
