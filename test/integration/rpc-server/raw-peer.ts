import http2 from 'node:http2';
import { connect } from 'node:net';
import type { ClientHttp2Session, ClientHttp2Stream, OutgoingHttpHeaders } from 'node:http2';

/** A peer that speaks HTTP/2 frame by frame, to do what no gRPC client does. */
export interface RawPeer {
  readonly session: ClientHttp2Session;
  /** Opens a call. Nothing of the answer is read until somebody does. */
  open(path: string, headers?: OutgoingHttpHeaders): ClientHttp2Stream;
  close(): void;
  /** As a cable that is pulled: nothing is said any more. */
  loseConnection(): void;
}

export function connectRaw(port: number, settings: http2.Settings = {}): RawPeer {
  const socket = connect(port, '127.0.0.1');
  const session = http2.connect(`http://127.0.0.1:${port}`, {
    settings,
    createConnection: () => socket,
  });
  session.on('error', () => undefined);
  return {
    session,
    open(path, headers = {}) {
      const stream = session.request({
        ':method': 'POST',
        ':path': path,
        'content-type': 'application/grpc+proto',
        te: 'trailers',
        ...headers,
      });
      stream.on('error', () => undefined);
      return stream;
    },
    close() {
      session.destroy();
    },
    loseConnection() {
      socket.destroy();
    },
  };
}

/** A message as it is on the wire. */
export function framed(message: Buffer, compressed = 0): Buffer {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt8(compressed, 0);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

export interface RawAnswer {
  readonly httpStatus: number;
  readonly grpcStatus: number | undefined;
  readonly headers: http2.IncomingHttpHeaders;
  readonly rstCode: number | undefined;
}

/** Reads an answer to its end. */
export async function answerOf(stream: ClientHttp2Stream): Promise<RawAnswer> {
  let headers: http2.IncomingHttpHeaders = {};
  let trailers: http2.IncomingHttpHeaders = {};
  stream.on('response', (received) => {
    headers = received;
  });
  stream.on('trailers', (received: http2.IncomingHttpHeaders) => {
    trailers = received;
  });
  stream.resume();
  if (!stream.closed) await new Promise((resolve) => stream.once('close', resolve));
  const code = trailers['grpc-status'] ?? headers['grpc-status'];
  return {
    httpStatus: Number(headers[':status'] ?? 0),
    grpcStatus: code === undefined ? undefined : Number(code),
    headers: { ...headers, ...trailers },
    rstCode: stream.rstCode,
  };
}
