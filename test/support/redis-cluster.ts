import { waitUntil } from './cluster-wait.js';
import { startRedis, type RedisServer } from './redis.js';

/** Redis Cluster of three primaries, without replicas. */
export interface RedisClusterServer {
  readonly nodes: readonly RedisServer[];
  /** `redis+cluster://` */
  readonly url: string;
  remove(): Promise<void>;
}

const slots = 16_384;

export async function startRedisCluster(count = 3): Promise<RedisClusterServer> {
  const nodes = await Promise.all(
    Array.from({ length: count }, () => startRedis({ isClusterNode: true })),
  );
  const [first] = nodes;
  if (first === undefined) throw new Error('a cluster has nodes');
  await Promise.all(nodes.map((node, index) => assignSlots(node, index, count)));
  for (const { port, busPort } of nodes) {
    await first.send('CLUSTER', 'MEET', '127.0.0.1', String(port), String(busPort));
  }
  for (const node of nodes) {
    await waitUntil('the cluster is whole', () => node.send('CLUSTER', 'INFO'), isWhole(count));
  }
  return {
    nodes,
    url: `redis+cluster://${nodes.map(({ port }) => `127.0.0.1:${port}`).join(',')}`,
    async remove() {
      await Promise.all(nodes.map((node) => node.remove()));
    },
  };
}

async function assignSlots(node: RedisServer, index: number, count: number): Promise<void> {
  const [from, to] = [index, index + 1].map((part) => Math.floor((slots * part) / count));
  await node.send('CLUSTER', 'ADDSLOTSRANGE', String(from), String(Number(to) - 1));
}

function isWhole(count: number): (info: unknown) => boolean {
  return (info) =>
    String(info).includes('cluster_state:ok') &&
    String(info).includes(`cluster_known_nodes:${count}`);
}
