import type { MessageReader, MessageWriter } from '../wire/message-stream.js';
import type { Method } from '../wire/method.js';
import type { CallContext } from './call-context.js';

export type UnaryHandler<Req, Res> = (request: Req, context: CallContext) => Promise<Res>;

export type UploadHandler<Req, Res> = (
  requests: MessageReader<Req>,
  context: CallContext,
) => Promise<Res>;

export type DownloadHandler<Req, Res> = (
  request: Req,
  responses: MessageWriter<Res>,
  context: CallContext,
) => Promise<void>;

export type BidiHandler<Req, Res> = (
  requests: MessageReader<Req>,
  responses: MessageWriter<Res>,
  context: CallContext,
) => Promise<void>;

/** Whether a stream may lie idle for ever while the server waits for the caller's next message. */
export interface BidiOptions {
  readonly stallWhileReading: false;
}

/** A method of the contract with the handler that serves it. */
export type RpcMethod = UnaryMethod | UploadMethod | DownloadMethod | BidiMethod;

interface Served<Kind extends string, Handler> {
  readonly kind: Kind;
  readonly method: Method<unknown, unknown>;
  readonly handler: Handler;
  /** The stall rule holds while the server waits for the caller's next message. */
  readonly stallWhileReading: boolean;
}

export type UnaryMethod = Served<'unary', UnaryHandler<unknown, unknown>>;
export type UploadMethod = Served<'upload', UploadHandler<unknown, unknown>>;
export type DownloadMethod = Served<'download', DownloadHandler<unknown, unknown>>;
export type BidiMethod = Served<'bidi', BidiHandler<unknown, unknown>>;

export function unary<Req, Res>(
  method: Method<Req, Res>,
  handler: UnaryHandler<Req, Res>,
): RpcMethod {
  return served<UnaryMethod>('unary', method, handler);
}

export function upload<Req, Res>(
  method: Method<Req, Res>,
  handler: UploadHandler<Req, Res>,
): RpcMethod {
  return served<UploadMethod>('upload', method, handler);
}

export function download<Req, Res>(
  method: Method<Req, Res>,
  handler: DownloadHandler<Req, Res>,
): RpcMethod {
  return served<DownloadMethod>('download', method, handler);
}

export function bidi<Req, Res>(
  method: Method<Req, Res>,
  handler: BidiHandler<Req, Res>,
  options?: BidiOptions,
): RpcMethod {
  return served<BidiMethod>('bidi', method, handler, options?.stallWhileReading ?? true);
}

/**
 * Forgets the types of the messages. This is sound because a handler is only ever given what its
 * own method's deserializer made, and its answers only go to its own method's serializer.
 */
function served<M extends RpcMethod>(
  kind: M['kind'],
  method: unknown,
  handler: unknown,
  stallWhileReading = true,
): M {
  return { kind, method, handler, stallWhileReading } as M;
}
