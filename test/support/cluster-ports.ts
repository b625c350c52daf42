import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';

/**
 * Below those that systems give to whoever connects without asking for one: what a service is to listen
 * on again after a restart must not become the near end of some connection meanwhile.
 */
const portMin = 10_000;
const portMax = 32_000;
const triesMax = 1_000;

/** So many ports of loopback that nobody uses, and nobody is likely to take before they are used. */
export async function freePorts(count: number): Promise<number[]> {
  const found = new Set<number>();
  for (let tries = 0; found.size < count; tries += 1) {
    if (tries === triesMax) throw new Error(`no ${count} free ports were found`);
    const port = randomInt(portMin, portMax);
    if (await isFree(port)) found.add(port);
  }
  return [...found];
}

async function isFree(port: number): Promise<boolean> {
  try {
    await requireFree([port]);
    return true;
  } catch {
    return false;
  }
}

/** Finds out whether nobody uses these, and rejects if somebody does. */
export async function requireFree(ports: readonly number[]): Promise<void> {
  const servers: Server[] = [];
  try {
    for (const port of ports) {
      const server = createServer().listen(port, '127.0.0.1');
      await once(server, 'listening');
      servers.push(server);
    }
  } finally {
    for (const server of servers) {
      server.close();
      await once(server, 'close');
    }
  }
}
