import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** The way of one process to Redis, which a test can cut. */
export interface RedisProxy {
  readonly url: string;
  /** As if the process at this end had died: its connections are gone, and it makes no more. */
  cut(): void;
  /** What Redis answers arrives a few bytes at a time from now on, so that the way is never silent. */
  slowDown(): void;
  /** Lets it connect again, and answers arrive at once on new connections. */
  mend(): void;
  close(): Promise<void>;
}

const slowBytes = 10;
const slowMs = 20;

export async function startRedisProxy(redisPort: number): Promise<RedisProxy> {
  const sockets = new Set<Socket>();
  let isCut = false;
  let isSlow = false;

  function hold(socket: Socket): void {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    // Whoever is at the other end sees it closed.
    socket.on('error', () => undefined);
  }

  function cut(): void {
    isCut = true;
    for (const socket of sockets) socket.destroy();
  }

  const server = createServer((client) => {
    if (isCut) {
      client.destroy();
      return;
    }
    const redis = connect(redisPort, '127.0.0.1');
    for (const socket of [client, redis]) hold(socket);
    client.pipe(redis);
    sendAnswers(redis, client, () => isSlow);
    client.on('close', () => redis.destroy());
    redis.on('close', () => client.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;

  return {
    url: `redis://127.0.0.1:${port}`,
    cut,
    slowDown() {
      isSlow = true;
    },
    mend() {
      isCut = false;
      isSlow = false;
    },
    async close() {
      cut();
      server.close();
      await once(server, 'close');
    },
  };
}

function sendAnswers(redis: Socket, client: Socket, isSlow: () => boolean): void {
  let held = Buffer.alloc(0);
  const timer = setInterval(() => {
    if (held.length > 0) client.write(held.subarray(0, slowBytes));
    held = held.subarray(slowBytes);
  }, slowMs);
  redis.on('data', (data: Buffer) => {
    if (isSlow() || held.length > 0) held = Buffer.concat([held, data]);
    else client.write(data);
  });
  client.on('close', () => clearInterval(timer));
}
