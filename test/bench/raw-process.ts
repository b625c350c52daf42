import {
  Client,
  credentials,
  Server,
  ServerCredentials,
  type sendUnaryData,
  type ServerReadableStream,
  type ServerUnaryCall,
  type ServerWritableStream,
} from '@grpc/grpc-js';
import { randomBytes, randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { askFor, rawService } from './raw-service.js';
import { widenServerWindows } from './raw-windows.js';

/*
 * The baseline of the api bench, as a process of its own: an origin that echoes, swallows and makes
 * bytes (`origin DIRECTORY`), or a proxy that copies its streams (`proxy PORT`).
 */
const [streamWindow = '', connectionWindow = '', role, argument = ''] = process.argv.slice(2);
const windowBytes = Number(streamWindow);
const chunk = randomBytes(256 * 1024);

widenServerWindows(windowBytes, Number(connectionWindow));

const origin = {
  echo(call: ServerUnaryCall<Buffer, Buffer>, answer: sendUnaryData<Buffer>): void {
    answer(null, call.request);
  },
  copyIn(call: ServerReadableStream<Buffer, Buffer>, answer: sendUnaryData<Buffer>): void {
    let size = 0;
    call.on('data', (bytes: Buffer) => {
      size += bytes.length;
    });
    call.on('end', () => answer(null, askFor(size)));
  },
  copyToFile(call: ServerReadableStream<Buffer, Buffer>, answer: sendUnaryData<Buffer>): void {
    let size = 0;
    const file = createWriteStream(join(argument, randomUUID()), { flush: true });
    call.on('data', (bytes: Buffer) => {
      size += bytes.length;
    });
    file.on('close', () => answer(null, askFor(size)));
    copy(call, file);
  },
  copyOut(call: ServerWritableStream<Buffer, Buffer>): void {
    let left = call.request.readDoubleBE();
    const more = (): void => {
      let hasRoom = true;
      while (left > 0 && hasRoom) {
        left -= chunk.length;
        hasRoom = call.write(chunk);
      }
      if (left > 0) call.once('drain', more);
      else call.end();
    };
    more();
  },
};

function proxyTo(port: string): typeof origin {
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure(), {
    'grpc-node.flow_control_window': windowBytes,
  });
  const { echo, copyIn, copyToFile, copyOut } = rawService;
  return {
    echo(call, answer) {
      const { path, requestSerialize, responseDeserialize } = echo;
      client.makeUnaryRequest(path, requestSerialize, responseDeserialize, call.request, answer);
    },
    copyIn(call, answer) {
      const { path, requestSerialize, responseDeserialize } = copyIn;
      copy(
        call,
        client.makeClientStreamRequest(path, requestSerialize, responseDeserialize, answer),
      );
    },
    copyToFile(call, answer) {
      const { path, requestSerialize, responseDeserialize } = copyToFile;
      copy(
        call,
        client.makeClientStreamRequest(path, requestSerialize, responseDeserialize, answer),
      );
    },
    copyOut(call) {
      const { path, requestSerialize, responseDeserialize } = copyOut;
      const { request } = call;
      copy(
        client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, request),
        call,
      );
    },
  };
}

interface Source {
  on(event: 'data', listener: (bytes: Buffer) => void): unknown;
  on(event: 'end', listener: () => void): unknown;
  pause(): unknown;
  resume(): unknown;
}

interface Sink {
  write(bytes: Buffer): boolean;
  once(event: 'drain', listener: () => void): unknown;
  end(): unknown;
}

/** What `pipe` does; the types of grpc-js do not fit it. */
function copy(from: Source, to: Sink): void {
  from.on('data', (bytes) => {
    if (to.write(bytes)) return;
    from.pause();
    to.once('drain', () => from.resume());
  });
  from.on('end', () => to.end());
}

const server = new Server();
server.addService(rawService, role === 'proxy' ? proxyTo(argument) : origin);
const bind = promisify(server.bindAsync.bind(server));
const port = await bind('127.0.0.1:0', ServerCredentials.createInsecure());
process.stdout.write(`${port}\n`);
