import { status } from '@grpc/grpc-js';
import { constants, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import { reasonError, rpcError, type RpcError } from '../status/rpc-error.js';
import { detailsTrailer, statusBytes } from '../status/status-details.js';
import type { MethodTable } from './registered-method.js';

const {
  HTTP_STATUS_METHOD_NOT_ALLOWED: notAllowed,
  HTTP_STATUS_OK: ok,
  HTTP_STATUS_UNSUPPORTED_MEDIA_TYPE: unsupportedMediaType,
  NGHTTP2_NO_ERROR: noError,
} = constants;

/** A stream that is no call: as HTTP says it, or as gRPC does. */
export type Refusal = { readonly httpStatus: number } | { readonly error: RpcError };

const mediaType = /^application\/grpc(?:\+proto)?(?:;|$)/;

/** Why a stream is no call that this server takes, if so. */
export function refusalOf(
  headers: IncomingHttpHeaders,
  methods: MethodTable,
  isClosing: boolean,
): Refusal | undefined {
  if (headers[':method'] !== 'POST') return { httpStatus: notAllowed };
  if (!mediaType.test(headers['content-type'] ?? '')) return { httpStatus: unsupportedMediaType };
  if (isClosing) return { error: shuttingDown() };
  if (!methods.has(headers[':path'] ?? '')) {
    return { error: rpcError(status.UNIMPLEMENTED, undefined, 'there is no such method') };
  }
  const encoding = headers['grpc-encoding'] ?? 'identity';
  if (encoding !== 'identity') return { error: compressed() };
  return undefined;
}

function shuttingDown(): RpcError {
  return reasonError('SHUTTING_DOWN', 'the server is shutting down: nothing was done');
}

export function whyRefused(refusal: Refusal): string {
  return `a stream: ${'error' in refusal ? refusal.error.message : `HTTP ${refusal.httpStatus}`}`;
}

/** Answers the stream, and has no more of it. */
export function refuse(stream: ServerHttp2Stream, refusal: Refusal): void {
  // A stream that fails is a caller that is gone: there is nobody left to tell.
  stream.on('error', () => undefined);
  if (stream.closed || stream.destroyed) return;
  stream.respond('error' in refusal ? statusHeaders(refusal.error) : httpHeaders(refusal), {
    endStream: true,
  });
  // What the caller still sends would otherwise wait here for as long as the connection lives.
  stream.close(noError);
}

/**
 * A thousandth of a message's size is enough to make a caller's compressed message as large as the
 * largest one, and its inflation takes the threads that files are read with.
 */
function compressed(): RpcError {
  return rpcError(status.UNIMPLEMENTED, undefined, 'compressed messages are not supported');
}

function httpHeaders(refusal: { readonly httpStatus: number }): Record<string, string | number> {
  return {
    ':status': refusal.httpStatus,
    ...(refusal.httpStatus === notAllowed ? { allow: 'POST' } : {}),
  };
}

function statusHeaders(error: RpcError): Record<string, string | number> {
  return {
    ':status': ok,
    'content-type': 'application/grpc+proto',
    'grpc-status': error.code,
    'grpc-message': encodeURI(error.message),
    'grpc-accept-encoding': 'identity',
    [detailsTrailer]: statusBytes(error).toString('base64'),
  };
}
