import {
  logVerbosity,
  Server,
  ServerInterceptingCall,
  setLogVerbosity,
  type ServerCredentials,
} from '@grpc/grpc-js';
import { assert } from '@holdfast/domain';
import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import type { CallHost } from './call-host.js';
import { capTimeout } from './cap-timeout.js';
import { openHttp2, type AnyHttp2Server } from './open-http2.js';
import { openedStream, type OpenedStream } from './opened-stream.js';
import { refusalOf, refuse, whyRefused } from './refuse-stream.js';
import type { MethodTable } from './registered-method.js';
import { ServerCall } from './server-call.js';
import { secureContext, type ServerCertificates } from './server-certificates.js';
import { grpcServerOptions } from './server-options.js';
import { trackSessions } from './sessions.js';

/** grpc-js, as far as we use it: frames, headers, deadlines and the care of connections. */
export interface GrpcTransport {
  readonly connected: (socket: Socket) => void;
  /** No new calls from here on, and every peer is told so. */
  goAway(): void;
  /** For connections from here on, where it speaks TLS. */
  readonly useCertificates: (certificates: ServerCertificates) => void;
  dispose(): void;
}

type CallTransport = ConstructorParameters<typeof ServerInterceptingCall>[0];
type StreamListener = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void;

/** Hands a call of grpc-js to our own listener, in place of the one that grpc-js would make. */
class OwnCall extends ServerInterceptingCall {
  private readonly transport: CallTransport;
  private readonly call: ServerCall;

  constructor(transport: CallTransport, call: ServerCall) {
    super(transport);
    this.transport = transport;
    this.call = call;
  }

  override start(): void {
    this.transport.start(this.call);
  }
}

/** How grpc-js calls the kinds of methods. */
const kinds = {
  unary: 'unary',
  upload: 'clientStream',
  download: 'serverStream',
  bidi: 'bidi',
} as const;

const asItIs = (bytes: Buffer): Buffer => bytes;

export function createGrpcTransport(
  methods: MethodTable,
  credentials: ServerCredentials,
  host: CallHost,
): GrpcTransport {
  // grpc-js asks the interceptor about a call while it hears of the call's stream.
  let opening: OpenedStream | undefined;
  const options = grpcServerOptions(host.limits, ({ path }, transport) => {
    const method = methods.get(path);
    assert(method !== undefined && opening !== undefined, 'only admitted streams become calls');
    return new OwnCall(transport, new ServerCall(method, transport, opening, host));
  });
  // It would write what callers send, secrets too, to the standard error output.
  setLogVerbosity(logVerbosity.NONE);
  const grpc = new Server(options);
  for (const [path, { served }] of methods) {
    grpc.register(path, () => undefined, asItIs, asItIs, kinds[served.kind]);
  }

  const { http2Server, injector } = openHttp2(grpc, credentials, host.limits);
  const sessions = trackSessions(http2Server, host);
  const accept = takeStreamListener(http2Server);
  let isClosing = false;
  http2Server.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
    const refusal = refusalOf(headers, methods, isClosing);
    if (refusal !== undefined) {
      refuse(stream, refusal);
      host.observer.refused?.(whyRefused(refusal));
      return;
    }
    capTimeout(headers);
    opening = openedStream(stream, headers, sessions.peerOf(stream.session));
    accept(stream, headers);
    opening = undefined;
  });

  return {
    connected(socket) {
      injector.injectConnection(socket);
    },
    goAway() {
      isClosing = true;
      sessions.goAway();
    },
    useCertificates(certificates) {
      if ('setSecureContext' in http2Server) {
        http2Server.setSecureContext(secureContext(certificates));
      }
    },
    dispose() {
      grpc.forceShutdown();
    },
  };
}

/** Takes over the streams of the server: what grpc-js would do with one, to be called for it. */
function takeStreamListener(http2Server: AnyHttp2Server): StreamListener {
  const [listener] = http2Server.listeners('stream');
  assert(listener !== undefined, 'grpc-js listens for streams');
  http2Server.removeAllListeners('stream');
  return listener as StreamListener;
}
