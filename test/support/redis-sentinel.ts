import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from './cluster-ports.js';
import { waitUntil } from './cluster-wait.js';
import { createRedisProcess } from './redis-process.js';
import { startRedis, type RedisServer } from './redis.js';

/** A primary, a replica of it, and a sentinel that promotes the replica when the primary is gone. */
export interface RedisWithSentinel {
  readonly primary: RedisServer;
  readonly replica: RedisServer;
  /** `redis+sentinel://` */
  readonly url: string;
  remove(): Promise<void>;
}

const masterName = 'holdfast';
const downMs = 500;
const failoverMs = 2_000;

export async function startRedisWithSentinel(): Promise<RedisWithSentinel> {
  const primary = await startRedis();
  const replica = await startRedis({ replicaOf: primary });
  await waitUntil(
    'the replica has its copy',
    () => replica.send('INFO', 'replication'),
    (info) => String(info).includes('master_link_status:up'),
  );
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-sentinel-'));
  const [port = 0] = await freePorts(1);
  const file = join(folder, 'sentinel.conf');
  await writeFile(file, sentinelSettings(folder, port, primary.port));
  const sentinel = createRedisProcess([file, '--sentinel'], { port });
  await sentinel.start();
  await waitUntil(
    'the sentinel knows the replica',
    () => sentinel.send('SENTINEL', 'REPLICAS', masterName),
    (replicas) => Array.isArray(replicas) && replicas.length === 1,
  );
  return {
    primary,
    replica,
    url: `redis+sentinel://127.0.0.1:${port}/${masterName}`,
    async remove() {
      await sentinel.kill();
      await Promise.all([primary.remove(), replica.remove()]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function sentinelSettings(folder: string, port: number, primaryPort: number): string {
  const lines = [
    `port ${port}`,
    'bind 127.0.0.1',
    `dir ${folder}`,
    `sentinel monitor ${masterName} 127.0.0.1 ${primaryPort} 1`,
    `sentinel down-after-milliseconds ${masterName} ${downMs}`,
    `sentinel failover-timeout ${masterName} ${failoverMs}`,
  ];
  return lines.map((line) => `${line}\n`).join('');
}
