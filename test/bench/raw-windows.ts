import http2 from 'node:http2';

/**
 * Gives the servers of this process the receive windows that ours have: grpc-js has no option for
 * them, and with the default of 64 KiB the baseline would be easy to beat.
 */
export function widenServerWindows(streamWindowBytes: number, connectionWindowBytes: number): void {
  const { createServer } = http2;
  const widened = (options: http2.ServerOptions): http2.Http2Server => {
    const settings = { ...options.settings, initialWindowSize: streamWindowBytes };
    const server = createServer({ ...options, settings });
    server.on('session', (session) => session.setLocalWindowSize(connectionWindowBytes));
    return server;
  };
  Object.assign(http2, { createServer: widened });
}
