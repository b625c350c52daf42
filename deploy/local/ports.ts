import { once } from 'node:events';
import { createServer } from 'node:net';
import { codeOf, StartFailure } from './start-failure.js';

export const host = '127.0.0.1';

/** Where everything listens, on loopback only. */
export interface Ports {
  readonly gateway: number;
  readonly gatewayHttp: number;
  readonly tieredStore: number;
  readonly tieredStoreHttp: number;
  readonly cleanupWorker: number;
  readonly cleanupWorkerHttp: number;
  readonly sweeper: number;
  readonly sweeperHttp: number;
  /** Of the Redis that is started here. Not its usual one, where another may be at home. */
  readonly redis: number;
}

const offsets: Ports = {
  gateway: 0,
  gatewayHttp: 1,
  tieredStore: 10,
  tieredStoreHttp: 11,
  cleanupWorker: 20,
  cleanupWorkerHttp: 21,
  sweeper: 30,
  sweeperHttp: 31,
  redis: 40,
};

export const highestOffset = offsets.redis;

export function portsFrom(gateway: number): Ports {
  return {
    gateway: gateway + offsets.gateway,
    gatewayHttp: gateway + offsets.gatewayHttp,
    tieredStore: gateway + offsets.tieredStore,
    tieredStoreHttp: gateway + offsets.tieredStoreHttp,
    cleanupWorker: gateway + offsets.cleanupWorker,
    cleanupWorkerHttp: gateway + offsets.cleanupWorkerHttp,
    sweeper: gateway + offsets.sweeper,
    sweeperHttp: gateway + offsets.sweeperHttp,
    redis: gateway + offsets.redis,
  };
}

/** The services would notice too, but one after the other, and after the first have started. */
export async function requireFreePorts(ports: readonly number[]): Promise<void> {
  const taken: number[] = [];
  for (const port of ports) {
    if (!(await isFree(port))) taken.push(port);
  }
  if (taken.length === 0) return;
  const [which, are] = taken.length === 1 ? ['port', 'is'] : ['ports', 'are'];
  throw new StartFailure(
    `${which} ${taken.join(', ')} on ${host} ${are} in use: choose others with --port`,
  );
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(port, host);
    await once(server, 'listening');
    server.close();
    await once(server, 'close');
    return true;
  } catch (error) {
    const code = codeOf(error);
    if (code === 'EADDRINUSE') return false;
    throw new StartFailure(
      `port ${port} on ${host} cannot be used (${code}): choose another with --port`,
    );
  }
}
