import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A port in front of another one, whose connections can be lost as a dying process loses them. */
export interface CuttablePort {
  readonly port: number;
  /** Resets all connections and takes no more. */
  cut(): Promise<void>;
  /** Takes connections again, on the same port. */
  reopen(): Promise<void>;
  /** Lets no byte through to the clients any more; the connections stay. */
  holdAnswers(): void;
  releaseAnswers(): void;
}

export async function openCuttablePort(targetPort: number): Promise<CuttablePort> {
  const pairs = new Set<{ readonly client: Socket; readonly target: Socket }>();
  let server = createServer(accept);
  let isHolding = false;

  function accept(client: Socket): void {
    const target = connect(targetPort, '127.0.0.1');
    const pair = { client, target };
    pairs.add(pair);
    client.pipe(target);
    target.pipe(client);
    if (isHolding) target.unpipe(client);
    for (const socket of [client, target]) {
      socket.on('error', () => undefined);
      socket.on('close', () => {
        pairs.delete(pair);
        client.destroy();
        target.destroy();
      });
    }
  }

  async function listen(port: number): Promise<number> {
    server = createServer(accept);
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  }

  const port = await listen(0);
  return {
    port,
    async cut() {
      const closed = once(server, 'close');
      server.close();
      for (const { client, target } of pairs) {
        client.resetAndDestroy();
        target.destroy();
      }
      await closed;
    },
    async reopen() {
      await listen(port);
    },
    holdAnswers() {
      isHolding = true;
      for (const { client, target } of pairs) target.unpipe(client);
    },
    releaseAnswers() {
      isHolding = false;
      for (const { client, target } of pairs) target.pipe(client);
    },
  };
}
