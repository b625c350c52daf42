import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import { requestIdHeader } from './call-status.js';

/** What is known of a call before grpc-js has looked at it. */
export interface OpenedStream {
  readonly stream: ServerHttp2Stream;
  readonly peer: string;
  readonly requestId: string | undefined;
  readonly traceparent: string | undefined;
}

const visibleAscii = /^[\u0021-\u007e]{1,64}$/;

/** Headers are read here, where they are plain properties still. */
export function openedStream(
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  peer: string,
): OpenedStream {
  const requestId = headers[requestIdHeader];
  const { traceparent } = headers;
  return {
    stream,
    peer,
    requestId:
      typeof requestId === 'string' && visibleAscii.test(requestId) ? requestId : undefined,
    traceparent: typeof traceparent === 'string' ? traceparent : undefined,
  };
}
