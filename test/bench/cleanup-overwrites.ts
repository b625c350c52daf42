import { createClient, type Client } from '@holdfast/client';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startRedis, type RedisServer } from '../support/redis.js';
import { startService } from './api-processes.js';
import { startLateProxy } from './cleanup-late-proxy.js';
import { withParts, type CloseLater } from './cleanup-parts.js';
import { recordLatencies } from './latencies.js';
import type { BenchResult } from './report.js';

const payload = randomBytes(2 * 1024 * 1024);
const overwrites = 300;
const warmUps = 40;
const keys = 10;
/** So late that many answers are under way, and less than makes a store give up. */
const lateMs = 250;

/** What is the matter with the queue of a store. */
interface Weather {
  readonly name: string;
  readonly queueUrl?: (redis: RedisServer, latePort: number) => string | undefined;
  /** Once both stores have warmed up. */
  readonly befall?: (redis: RedisServer) => Promise<void> | void;
}

const weathers: readonly Weather[] = [
  // What a ratio of two stores that do the same comes to.
  { name: 'no queue either', queueUrl: () => undefined },
  { name: 'Redis up' },
  {
    name: `Redis ${lateMs} ms late`,
    queueUrl: (_, latePort) => `redis://127.0.0.1:${latePort}`,
  },
  { name: 'Redis silent', befall: (redis) => redis.pause() },
  { name: 'Redis down', befall: (redis) => redis.kill() },
];

/** Large overwrites, one by one and by turns, at a store with a queue and at one without. */
export async function benchOverwrites(): Promise<readonly BenchResult[]> {
  const results: BenchResult[] = [];
  for (const weather of weathers) results.push(...(await measureIn(weather)));
  return results;
}

function measureIn(weather: Weather): Promise<readonly BenchResult[]> {
  return withParts(async (closeLater) => {
    const redis = await startRedis();
    closeLater(() => redis.remove());
    const late = await startLateProxy(redis.port, lateMs);
    closeLater(() => late.close());
    const { queueUrl = ({ url }) => url, befall } = weather;
    const plain = await openStore(undefined, closeLater);
    const queued = await openStore(queueUrl(redis, late.port), closeLater);
    await overwriteByTurns(plain, queued, warmUps);
    await befall?.(redis);
    // Those that still count on it.
    await overwriteByTurns(plain, queued, warmUps);
    const latencies = await overwriteByTurns(plain, queued, overwrites);
    return latencies.results(`2 MiB overwrite, ${weather.name}`);
  });
}

/** Nothing is cleaned up while it is measured: what is replaced has its readers' time. */
async function openStore(queueUrl: string | undefined, closeLater: CloseLater): Promise<Client> {
  const directory = await mkdtemp(join(tmpdir(), 'holdfast-bench-'));
  closeLater(() => rm(directory, { recursive: true, force: true }));
  const store = await startService('tiered-store', {
    HOLDFAST_STORAGE__HIGH_VOLUME__DIRECTORY: join(directory, 'rows'),
    HOLDFAST_STORAGE__LONG_TERM__DIRECTORY: join(directory, 'blobs'),
    // That the queue is away is what is wanted here, and not to be said for every write.
    HOLDFAST_LOG__LEVEL: 'error',
    ...(queueUrl === undefined ? {} : { HOLDFAST_QUEUE__URL: queueUrl }),
  });
  closeLater(() => store.stop());
  const client = createClient({ address: `127.0.0.1:${store.port}` });
  closeLater(() => client.close());
  return client;
}

async function overwriteByTurns(
  plain: Client,
  queued: Client,
  count: number,
): Promise<ReturnType<typeof recordLatencies>> {
  const latencies = recordLatencies();
  for (let index = 0; index < count; index += 1) {
    const id = { usecase: 'bench', key: `object-${index % keys}` };
    await latencies.raw(() => plain.put(id, payload));
    await latencies.ours(() => queued.put(id, payload));
  }
  return latencies;
}
