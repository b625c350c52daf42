import type { Http2Session, ServerHttp2Session } from 'node:http2';
import type { CallHost } from './call-host.js';
import type { AnyHttp2Server } from './open-http2.js';

/** The HTTP/2 connections of a server. */
export interface Sessions {
  peerOf(session: Http2Session | undefined): string;
  /** Tells every peer that no new streams are taken. Those that run go on. */
  goAway(): void;
}

export function trackSessions(
  http2Server: AnyHttp2Server,
  { limits, observer }: Pick<CallHost, 'limits' | 'observer'>,
): Sessions {
  const peers = new Map<Http2Session, string>();

  http2Server.on('session', (session: ServerHttp2Session) => {
    if (session.destroyed) return;
    const { remoteAddress = 'unknown', remotePort = 0 } = session.socket;
    peers.set(session, `${remoteAddress}:${remotePort}`);
    session.on('close', () => peers.delete(session));
    session.setLocalWindowSize(limits.connectionWindowBytes);
  });
  http2Server.on('tlsClientError', (error: Error) => {
    observer.refused?.(`a TLS handshake failed: ${error.message}`);
  });
  return {
    peerOf: (session) => (session === undefined ? undefined : peers.get(session)) ?? 'unknown',
    goAway() {
      for (const session of peers.keys()) session.close();
    },
  };
}
