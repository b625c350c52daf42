import { EventEmitter, once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import {
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerReadableStream,
  type ServerUnaryCall,
  type ServerWritableStream,
  type sendUnaryData,
} from '@grpc/grpc-js';
import { object } from '@holdfast/contracts';
import { rawMethod } from '@holdfast/rpc';

/** A server in bytes, as plain as grpc-js makes it, to test the client alone. */
export interface TestHandlers {
  readonly unary?: (call: ServerUnaryCall<Buffer, Buffer>, answer: sendUnaryData<Buffer>) => void;
  readonly upload?: (
    call: ServerReadableStream<Buffer, Buffer>,
    answer: sendUnaryData<Buffer>,
  ) => void;
  readonly download?: (call: ServerWritableStream<Buffer, Buffer>) => void;
  readonly bidi?: (call: ServerDuplexStream<Buffer, Buffer>) => void;
}

export interface TestServer {
  readonly address: string;
  readonly port: number;
  /** Refuses new calls and says so to clients, lets those end that run. */
  drain(): Promise<void>;
  kill(): void;
}

const service = object.ObjectServiceService;
export const methods = {
  unary: rawMethod(service.headObject),
  upload: rawMethod(service.putObject),
  download: rawMethod(service.getObject),
  bidi: rawMethod(service.batchObjects),
};

export async function startTestServer(
  handlers: TestHandlers,
  { port = 0, credentials = ServerCredentials.createInsecure(), options = {} } = {},
): Promise<TestServer> {
  const server = new Server({ 'grpc.max_receive_message_length': 4 * 1_024 * 1_024, ...options });
  server.addService(methods, {
    unary: handlers.unary ?? refuse,
    upload: handlers.upload ?? refuse,
    download: handlers.download ?? refuse,
    bidi: handlers.bidi ?? refuse,
  });
  const bound = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`127.0.0.1:${port}`, credentials, (error, found) => {
      if (error === null) resolve(found);
      else reject(error);
    });
  });
  return {
    address: `127.0.0.1:${bound}`,
    port: bound,
    drain: () => new Promise((resolve) => server.tryShutdown(() => resolve())),
    kill: () => server.forceShutdown(),
  };
}

function refuse(): void {
  throw new Error('nothing of this kind is expected');
}

/** A port on which connections are taken and nothing is ever said. */
export async function startMuteServer(): Promise<{ address: string; close(): void }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** A port nobody listens on. */
export async function unusedPort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Counts what happens, and lets a test wait for it. */
export interface Tally {
  readonly count: () => number;
  add(): void;
  reaches(count: number): Promise<void>;
}

export function createTally(): Tally {
  const events = new EventEmitter();
  let seen = 0;
  const count = (): number => seen;
  return {
    count,
    add() {
      seen += 1;
      events.emit('change');
    },
    async reaches(wanted) {
      while (count() < wanted) await once(events, 'change');
    },
  };
}
