import type { ConnectionInjector, Server, ServerCredentials } from '@grpc/grpc-js';
import { assert } from '@holdfast/domain';
import http2 from 'node:http2';
import type { Http2SecureServer, Http2Server } from 'node:http2';
import type { ServerLimits } from './server-limits.js';

export type AnyHttp2Server = Http2Server | Http2SecureServer;

/** The HTTP/2 server below a gRPC server, and the way to give it connections. */
export interface OpenedHttp2 {
  readonly http2Server: AnyHttp2Server;
  readonly injector: ConnectionInjector;
}

/** Of the pseudo-headers and those of gRPC itself, which are not the caller's metadata. */
const protocolHeaderBytes = 1_024;

/**
 * Makes the HTTP/2 server of a gRPC server.
 *
 * grpc-js has no option for the windows in which a server receives, which bound both how fast an
 * upload is and how much of it waits here; nor for the size of headers. It makes its HTTP/2 server
 * by way of the `http2` module's object, within this one synchronous call: so the module makes it
 * as we want it for as long as the call takes, and nobody else's servers are touched.
 */
export function openHttp2(
  server: Server,
  credentials: ServerCredentials,
  limits: ServerLimits,
): OpenedHttp2 {
  const { createServer, createSecureServer } = http2;
  const made: AnyHttp2Server[] = [];
  const keep = <S extends AnyHttp2Server>(created: S): S => {
    made.push(created);
    return created;
  };
  const withLimits = <O extends http2.ServerOptions>(options: O): O => ({
    ...options,
    settings: {
      ...options.settings,
      initialWindowSize: limits.streamWindowBytes,
      maxHeaderListSize: limits.metadataBytesMax + protocolHeaderBytes,
    },
    handshakeTimeout: limits.handshakeMsMax,
  });
  try {
    Object.assign(http2, {
      createServer: (options: http2.ServerOptions) => keep(createServer(withLimits(options))),
      createSecureServer: (options: http2.SecureServerOptions) =>
        keep(createSecureServer(withLimits(options))),
    });
    const injector = server.createConnectionInjector(credentials);
    const [http2Server] = made;
    assert(http2Server !== undefined, 'grpc-js makes its HTTP/2 server through the http2 module');
    return { http2Server, injector };
  } finally {
    Object.assign(http2, { createServer, createSecureServer });
  }
}
