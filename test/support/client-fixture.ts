import { createClient, HoldfastError, type Client, type ClientOptions } from '@holdfast/client';
import { randomBytes } from 'node:crypto';
import { startObjectServer, type ObjectServer } from './object-server.js';

/** Object servers and clients of one test, all gone after it. */
export interface ClientFixture {
  /** A server, and a client of it whose pauses are short. */
  start(options?: Partial<ClientOptions>): Promise<{ server: ObjectServer; client: Client }>;
  /** Another server in place of one that was stopped. */
  restart(server: ObjectServer): Promise<ObjectServer>;
  client(address: string, options?: Partial<ClientOptions>): Client;
  close(): Promise<void>;
}

export function createClientFixture(): ClientFixture {
  const servers: ObjectServer[] = [];
  const clients: Client[] = [];
  const connected = (address: string, options: Partial<ClientOptions> = {}): Client => {
    const limits = { retryDelayMs: 10, retryDelayMsMax: 500, ...options.limits };
    const client = createClient({ address, ...options, limits });
    clients.push(client);
    return client;
  };
  return {
    client: connected,
    async start(options) {
      const server = await startObjectServer();
      servers.push(server);
      return { server, client: connected(server.address, options) };
    },
    async restart({ port, map }) {
      const server = await startObjectServer({ port, map });
      servers.push(server);
      return server;
    },
    async close() {
      await Promise.all(clients.splice(0).map((client) => client.close(0)));
      await Promise.all(servers.splice(0).map((server) => server.stop()));
    },
  };
}

export const KiB = 1024;
export const MiB = 1024 * KiB;

export function bytesOf(length: number): Buffer {
  return randomBytes(length);
}

/** For `assert.rejects`: a HoldfastError with this code, and with this reason where one is given. */
export function failure(code: string, reason?: string): (error: unknown) => boolean {
  return (error) => {
    if (!(error instanceof HoldfastError)) throw error;
    const isIt = error.code === code && (reason === undefined || error.reason === reason);
    if (isIt) return true;
    throw new Error(`expected ${code} ${reason ?? ''}, got ${error.code} ${error.reason ?? ''}`, {
      cause: error,
    });
  };
}

/** What a `for await` over all of it answers. */
export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}
