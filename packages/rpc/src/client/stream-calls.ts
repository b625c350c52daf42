import type { ChannelInterface } from '@grpc/grpc-js';
import type { RpcError } from '../status/rpc-error.js';
import type { Method } from '../wire/method.js';
import { paceWrites } from './paced-writes.js';
import { pullMessages } from './pulled-messages.js';
import { cancelled, startCall, type CallStart, type RawCall } from './raw-call.js';
import type { ClientBidi, ClientDownload, ClientUpload } from './rpc-channel.js';
import { serialized } from './serialized.js';
import { singleResponse } from './unary-call.js';

export function downloadCall<Req, Res>(
  channel: ChannelInterface,
  method: Method<Req, Res>,
  request: Req,
  start: CallStart,
): ClientDownload<Res> {
  const bytes = serialized(method, request);
  const messages = pullMessages((): RawCall => call, method.responseDeserialize);
  const call = startCall(channel, start, messages);
  call.pull();
  call.send(bytes, () => undefined);
  call.halfClose();
  return { ...readerOf(messages), cancel: () => call.cancel(cancelled()) };
}

export function uploadCall<Req, Res>(
  channel: ChannelInterface,
  method: Method<Req, Res>,
  start: CallStart,
): ClientUpload<Req, Res> {
  const writes = paceWrites(
    (): RawCall => call,
    (message: Req) => serialized(method, message),
  );
  const settled = settledLater<Res>();
  const response = singleResponse(method, settled.resolve, settled.reject);
  const call = startCall(channel, start, {
    message(bytes) {
      const error = response.message(bytes);
      if (error === undefined) call.pull();
      else call.cancel(error);
    },
    ended(error) {
      response.ended(error);
      writes.ended(error);
    },
  });
  call.pull();
  return {
    write: (message) => writes.write(message),
    finish() {
      writes.halfClose();
      return settled.promise;
    },
    response: settled.promise,
    cancel: () => call.cancel(cancelled()),
  };
}

export function bidiCall<Req, Res>(
  channel: ChannelInterface,
  method: Method<Req, Res>,
  start: CallStart,
): ClientBidi<Req, Res> {
  const writes = paceWrites(
    (): RawCall => call,
    (message: Req) => serialized(method, message),
  );
  const messages = pullMessages((): RawCall => call, method.responseDeserialize);
  let tellStatus: (error: RpcError | undefined) => void;
  const status = new Promise<RpcError | undefined>((resolve) => {
    tellStatus = resolve;
  });
  const call = startCall(channel, start, {
    message: (bytes) => messages.message(bytes),
    ended(error) {
      messages.ended(error);
      writes.ended(error);
      tellStatus(error);
    },
  });
  call.pull();
  return {
    ...readerOf(messages),
    write: (message) => writes.write(message),
    halfClose: () => writes.halfClose(),
    cancel: () => call.cancel(cancelled()),
    status,
  };
}

function readerOf<Res>(messages: ClientMessages<Res>): ClientMessages<Res> {
  return {
    next: () => messages.next(),
    [Symbol.asyncIterator]: () => messages[Symbol.asyncIterator](),
  };
}

type ClientMessages<Res> = Pick<ClientDownload<Res>, 'next' | typeof Symbol.asyncIterator>;

interface Settled<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (error: RpcError) => void;
}

function settledLater<T>(): Settled<T> {
  let settled: Omit<Settled<T>, 'promise'> | undefined;
  const promise = new Promise<T>((resolve, reject) => {
    settled = { resolve, reject };
  });
  // The caller may hear of a failure from a write instead, and never look at the response.
  promise.catch(() => undefined);
  return {
    promise,
    resolve: (value) => settled?.resolve(value),
    reject: (error) => settled?.reject(error),
  };
}
