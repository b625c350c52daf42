import { once } from 'node:events';
import { createServer, type Server } from 'node:net';

/**
 * So many ports of loopback that nobody uses. All are held until all are known, so that they differ.
 * Somebody else may take one before it is used; the system gives out others first.
 */
export function freePorts(count: number): Promise<number[]> {
  return holdPorts(Array.from({ length: count }, () => 0));
}

/** Finds out whether nobody uses these, and rejects if somebody does. */
export async function requireFree(ports: readonly number[]): Promise<void> {
  await holdPorts(ports);
}

async function holdPorts(wanted: readonly number[]): Promise<number[]> {
  const servers: Server[] = [];
  const ports: number[] = [];
  try {
    for (const port of wanted) {
      const server = createServer().listen(port, '127.0.0.1');
      await once(server, 'listening');
      servers.push(server);
      ports.push(portOf(server));
    }
    return ports;
  } finally {
    for (const server of servers) {
      server.close();
      await once(server, 'close');
    }
  }
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port was given');
  return address.port;
}
