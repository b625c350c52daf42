import { createServer, type Server, type Socket } from 'node:net';

/** Listens on a port, and knows the connections it took. */
export interface PortListener {
  readonly address: { readonly host: string; readonly port: number };
  readonly connections: () => number;
  /** Takes no more connections. Resolves when those it took are closed too. */
  close(): Promise<void>;
  /** Closes all connections, whatever goes on over them. */
  destroyConnections(): void;
}

export interface PortListenerOptions {
  readonly host: string;
  readonly port: number;
  readonly connectionsMax: number;
}

export interface PortEvents {
  connected(socket: Socket): void;
  refused(why: string): void;
}

/** Rejects with an Error of one clear line when the port cannot be had. */
export async function listenOn(
  options: PortListenerOptions,
  events: PortEvents,
): Promise<PortListener> {
  const sockets = new Set<Socket>();
  let disconnected: (() => void) | undefined;
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    // The session above tells what became of a connection; here it only has to be listened to.
    socket.on('error', () => undefined);
    socket.on('close', () => {
      sockets.delete(socket);
      if (sockets.size === 0) disconnected?.();
    });
    events.connected(socket);
  });
  server.maxConnections = options.connectionsMax;
  server.on('drop', () => {
    events.refused(`a connection beyond the ${options.connectionsMax} that may be open`);
  });
  const port = await listening(server, options);
  return {
    address: { host: options.host, port },
    connections: () => sockets.size,
    close: () =>
      new Promise((resolve) => {
        disconnected = resolve;
        server.close();
        if (sockets.size === 0) resolve();
      }),
    destroyConnections() {
      for (const socket of sockets) socket.destroy();
    },
  };
}

function listening(server: Server, { host, port }: PortListenerOptions): Promise<number> {
  return new Promise((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException): void => {
      reject(new Error(explain(error, host, port), { cause: error }));
    };
    server.once('error', failed);
    server.listen({ host, port }, () => {
      server.removeListener('error', failed);
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}

/** By error code of the system. */
const explanations: Readonly<Record<string, (host: string, port: number) => string>> = {
  EADDRINUSE: (host, port) => `port ${port} on ${host} is in use`,
  EACCES: (host, port) => `port ${port} on ${host} is not allowed to this user`,
  EADDRNOTAVAIL: (host) => `${host} is not an address of this machine`,
  ENOTFOUND: (host) => `the host name ${host} is not known`,
  EAI_AGAIN: (host) => `the host name ${host} cannot be looked up now`,
};

function explain(error: NodeJS.ErrnoException, host: string, port: number): string {
  const explanation = explanations[error.code ?? ''];
  return explanation?.(host, port) ?? `cannot listen on ${host}:${port}: ${error.message}`;
}
