import {
  connect,
  constants,
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type IncomingHttpHeaders,
} from 'node:http2';
import type { FuzzCall } from './fuzz-call.js';

/** How a call ended: a gRPC status, or the stream before there was one. */
export type Outcome = { readonly status: string } | { readonly reset: number };

/** Sends calls that no gRPC library would, over connections that are replaced when a server ends them. */
export interface FuzzCaller {
  call(call: FuzzCall): Promise<Outcome>;
  close(): void;
}

/** Nobody who answers at all takes longer, deadlines included. */
const callMsMax = 20_000;

export function createFuzzCaller(address: string): FuzzCaller {
  let session: ClientHttp2Session | undefined;

  function connected(): ClientHttp2Session {
    if (session !== undefined && !session.closed && !session.destroyed) return session;
    session = connect(`http://${address}`);
    // The calls on it say what happened.
    session.on('error', () => undefined);
    return session;
  }

  return {
    async call({ headers, pieces, end }) {
      const stream = connected().request(headers, { endStream: false });
      const outcome = outcomeOf(stream, `${String(headers[':path'])} ${JSON.stringify(headers)}`);
      for (const piece of pieces) if (stream.writable) stream.write(piece);
      if (end === 'reset') stream.close(constants.NGHTTP2_CANCEL);
      else if (stream.writable) stream.end();
      return outcome;
    },
    close() {
      session?.destroy();
    },
  };
}

function outcomeOf(stream: ClientHttp2Stream, what: string): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    let status: string | undefined;
    const late = setTimeout(() => {
      stream.close(constants.NGHTTP2_CANCEL);
      // What was answered counts, also where this side's stream does not find its end.
      if (status !== undefined) resolve({ status });
      else reject(new Error(`no answer within ${callMsMax} ms: ${what}`));
    }, callMsMax);
    const look = (bytes: Buffer): void => {
      const told = internals.find((text) => bytes.includes(text));
      if (told !== undefined) reject(new Error(`${what} was told of ${told}: ${String(bytes)}`));
    };
    const seen = (headers: IncomingHttpHeaders): void => {
      status = headers['grpc-status']?.toString() ?? status;
      for (const value of Object.values(headers)) look(Buffer.from(String(value)));
      look(Buffer.from(headers['grpc-status-details-bin']?.toString() ?? '', 'base64'));
    };
    stream.on('response', seen);
    stream.on('trailers', seen);
    stream.on('data', look);
    stream.on('error', () => undefined);
    stream.on('close', () => {
      clearTimeout(late);
      resolve(status === undefined ? { reset: stream.rstCode ?? 0 } : { status });
    });
  });
}

/** What would tell a stranger how a server is made, or where it lies. */
const internals = ['\n    at ', 'node_modules', 'node:internal', '.ts:', '.js:', process.cwd()];
