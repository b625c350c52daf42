import { credentials } from '@grpc/grpc-js';
import { sweeper } from '@holdfast/contracts';
import { Queue } from 'bullmq';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startRedis, type RedisServer } from '../support/redis.js';
import { startService, type BenchProcess } from './api-processes.js';
import type { CloseLater } from './cleanup-parts.js';
import { stockStore } from './sweep-stock.js';

export interface StoreDirectories {
  readonly rows: string;
  readonly blobs: string;
}

/** A store with much in it, and what else a sweep needs, each a process by itself. */
export interface SweepBed extends StoreDirectories {
  readonly redis: RedisServer;
  readonly store: BenchProcess;
  /** Takes away the orphans' jobs, of which no worker is there to take any. */
  forgetOrphans(): Promise<void>;
}

const prefix = '{holdfast}';
const day = String(24 * 3_600_000);

export async function openSweepBed(entries: number, closeLater: CloseLater): Promise<SweepBed> {
  const directory = await mkdtemp(join(tmpdir(), 'holdfast-bench-'));
  closeLater(() => rm(directory, { recursive: true, force: true }));
  const directories = { rows: join(directory, 'rows'), blobs: join(directory, 'blobs') };
  const redis = await startRedis();
  closeLater(() => redis.remove());
  const settings = {
    HOLDFAST_QUEUE__URL: redis.url,
    HOLDFAST_QUEUE__PREFIX: prefix,
    HOLDFAST_STORAGE__HIGH_VOLUME__DIRECTORY: directories.rows,
    HOLDFAST_STORAGE__LONG_TERM__DIRECTORY: directories.blobs,
    // Nothing but what is measured.
    HOLDFAST_MAINTENANCE__RECOVER_EVERY_MS: day,
    HOLDFAST_MAINTENANCE__EXPIRE_EVERY_MS: day,
  };
  const maker = await startService('tiered-store', settings);
  await maker.stop();
  await stockStore(directories, entries);
  const store = await startService('tiered-store', settings);
  closeLater(() => store.stop());
  const connection = { host: '127.0.0.1', port: redis.port };
  const orphans = new Queue('orphan-reclaim', { connection, prefix });
  closeLater(() => orphans.close());
  return { ...directories, redis, store, forgetOrphans: () => orphans.drain(true) };
}

/** A sweeper that runs when it is asked to, and its operator. */
export interface BenchSweeper {
  readonly pid: number;
  sweep(kind: SweepMethod, options: { readonly dryRun: boolean }): Promise<Swept>;
}

export type SweepMethod = 'reclaimOrphans' | 'expireObjects';

export interface Swept {
  readonly scanned: number;
  readonly removed: number;
  /** By the run's own account, so without the wait for its job and for its report. */
  readonly seconds: number;
}

const limit = { entries: 100_000_000n, duration: undefined, bytes: undefined };
const scheduled = ['RECOVER_CHANGES', 'RECLAIM_ORPHANS', 'EXPIRE_OBJECTS', 'VERIFY_OBJECTS'];

export async function startSweeper(
  { redis, store }: SweepBed,
  settings: Readonly<Record<string, string>>,
  closeLater: CloseLater,
): Promise<BenchSweeper> {
  const service = await startService('sweeper', {
    HOLDFAST_QUEUE__URL: redis.url,
    HOLDFAST_QUEUE__PREFIX: prefix,
    HOLDFAST_TIERED_STORE__ADDRESSES: `127.0.0.1:${store.port}`,
    // Every run that is asked for has its audit line.
    HOLDFAST_LOG__LEVEL: 'error',
    ...Object.fromEntries(scheduled.map((duty) => [`HOLDFAST_DUTIES__${duty}__ENABLED`, 'false'])),
    ...settings,
  });
  closeLater(() => service.stop());
  const address = `127.0.0.1:${service.port}`;
  const client = new sweeper.SweeperServiceClient(address, credentials.createInsecure());
  closeLater(() => client.close());
  return {
    pid: service.pid,
    sweep: (kind, { dryRun }) => {
      const request = { limit, dryRun, fromStart: true };
      const minAge = { seconds: 3_600n, nanos: 0 };
      return kind === 'reclaimOrphans'
        ? reportOf(client.reclaimOrphans({ ...request, minAge, orphansLimit: undefined }))
        : reportOf(client.expireObjects(request));
    },
  };
}

type Updates = AsyncIterable<sweeper.ReclaimOrphansResponse>;

async function reportOf(updates: Updates): Promise<Swept> {
  for await (const { update } of updates) {
    if (update?.$case !== 'report') continue;
    const { counts, elapsed } = update.value;
    const seconds = Number(elapsed?.seconds ?? 0n) + (elapsed?.nanos ?? 0) / 1e9;
    return { scanned: Number(counts?.scanned), removed: Number(counts?.removed), seconds };
  }
  throw new Error('a run ends with its report');
}
