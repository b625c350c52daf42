import { startTcpProxy, type TcpProxy } from './tcp-proxy.js';

/** The way of one process to Redis, which a test can cut. */
export interface RedisProxy extends Pick<TcpProxy, 'cut' | 'slowDown' | 'mend' | 'close'> {
  readonly url: string;
}

export async function startRedisProxy(redisPort: number): Promise<RedisProxy> {
  const { port, ...proxy } = await startTcpProxy({ port: redisPort });
  return { ...proxy, url: `redis://127.0.0.1:${port}` };
}
