import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** The way of one process to a server on loopback, which a test can disturb and watch. */
export interface TcpProxy {
  readonly port: number;
  /** As if the process at this end had died: its connections are gone, and it makes no more. */
  cut(): void;
  /** What the server answers arrives a few bytes at a time from now on, so that the way is never silent. */
  slowDown(): void;
  /** What the server answers is lost from now on; what it is asked arrives. Nobody hears of it. */
  loseAnswers(): void;
  /** Nothing arrives at either end from now on, and nobody hears of it. */
  stall(): void;
  /** Lets it connect again; on new connections all arrives, and at once. */
  mend(): void;
  /** How many bytes the server answered so far, those that were lost included. */
  answeredBytes(): number;
  close(): Promise<void>;
}

export interface TcpProxyOptions {
  readonly port: number;
  readonly host?: string | undefined;
  /** Made for each connection; looks at what is sent on it, whether or not it arrives. */
  readonly watch?: (() => (data: Buffer) => void) | undefined;
}

type Way = 'open' | 'slow' | 'without answers' | 'stalled';

const slowBytes = 10;
const slowMs = 20;

export async function startTcpProxy(options: TcpProxyOptions): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  let isCut = false;
  let way: Way = 'open';
  let answeredBytes = 0;

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

  const listener = createServer((client) => {
    if (isCut) {
      client.destroy();
      return;
    }
    const server = connect(options.port, options.host ?? '127.0.0.1');
    for (const socket of [client, server]) hold(socket);
    const watch = options.watch?.();
    client.on('data', (data: Buffer) => {
      watch?.(data);
      if (way !== 'stalled') server.write(data);
    });
    server.on('data', (data: Buffer) => {
      answeredBytes += data.length;
    });
    sendAnswers(server, client, () => way);
    client.on('close', () => server.destroy());
    server.on('close', () => client.destroy());
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address() as AddressInfo;

  return {
    port,
    cut,
    slowDown() {
      way = 'slow';
    },
    loseAnswers() {
      way = 'without answers';
    },
    stall() {
      way = 'stalled';
    },
    mend() {
      isCut = false;
      way = 'open';
    },
    answeredBytes: () => answeredBytes,
    async close() {
      cut();
      listener.close();
      await once(listener, 'close');
    },
  };
}

function sendAnswers(server: Socket, client: Socket, way: () => Way): void {
  let held = Buffer.alloc(0);
  const timer = setInterval(() => {
    if (held.length > 0) client.write(held.subarray(0, slowBytes));
    held = held.subarray(slowBytes);
  }, slowMs);
  server.on('data', (data: Buffer) => {
    if (way() === 'without answers' || way() === 'stalled') return;
    if (way() === 'slow' || held.length > 0) held = Buffer.concat([held, data]);
    else client.write(data);
  });
  client.on('close', () => clearInterval(timer));
}
