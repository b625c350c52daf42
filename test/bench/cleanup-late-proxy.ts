import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

export interface LateProxy {
  readonly port: number;
  close(): Promise<void>;
}

/** Passes on what clients send to `port` at once, and each answer `lateMs` later. */
export async function startLateProxy(port: number, lateMs: number): Promise<LateProxy> {
  const sockets = new Set<Socket>();

  function keep(socket: Socket, other: Socket): void {
    sockets.add(socket);
    socket.setNoDelay(true);
    // What goes wrong with the one, the other learns of by its end.
    socket.on('error', () => undefined);
    socket.on('close', () => {
      sockets.delete(socket);
      other.destroy();
    });
  }

  const server = createServer((client) => {
    const upstream = connect(port, '127.0.0.1');
    keep(client, upstream);
    keep(upstream, client);
    client.on('data', (bytes) => upstream.write(bytes));
    upstream.on('data', (bytes) => setTimeout(() => client.write(bytes), lateMs));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port was given');
  return {
    port: address.port,
    async close() {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, 'close');
    },
  };
}
