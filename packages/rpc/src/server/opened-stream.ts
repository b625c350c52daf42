import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import { isRequestId } from '../wire/request-id.js';
import { requestIdHeader } from './call-status.js';

/** What is known of a call before grpc-js has looked at it. */
export interface OpenedStream {
  readonly stream: ServerHttp2Stream;
  readonly peer: string;
  readonly requestId: string | undefined;
  readonly traceparent: string | undefined;
}

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
    requestId: typeof requestId === 'string' && isRequestId(requestId) ? requestId : undefined,
    traceparent: typeof traceparent === 'string' ? traceparent : undefined,
  };
}
