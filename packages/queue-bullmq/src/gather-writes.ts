import { Cluster, type Redis } from 'ioredis';
import type { RedisClient } from './connect-redis.js';

/**
 * Answers a function: what Redis is told after a call of it, until the end of the event loop's turn, goes
 * there in one piece. Of itself the client writes each command to the network alone, which costs both
 * sides about as much as the command.
 */
export function createWriteGatherer(client: RedisClient): () => void {
  let isGathering = false;
  return () => {
    if (isGathering) return;
    isGathering = true;
    const streams = streamsOf(client);
    for (const stream of streams) stream.cork();
    setImmediate(() => {
      isGathering = false;
      for (const stream of streams) stream.uncork();
    });
  };
}

function streamsOf(client: RedisClient): readonly Pick<Redis['stream'], 'cork' | 'uncork'>[] {
  const nodes = client instanceof Cluster ? client.nodes('master') : [client];
  // A node to which nothing was sent so far is not connected, and has none.
  return nodes.flatMap(({ stream }: Partial<Pick<Redis, 'stream'>>) => stream ?? []);
}
