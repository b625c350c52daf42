import { status, type ChannelInterface } from '@grpc/grpc-js';
import { rpcError, type RpcError } from '../status/rpc-error.js';
import type { Method } from '../wire/method.js';
import { startCall, type CallStart } from './raw-call.js';
import { serialized } from './serialized.js';

export function unaryCall<Req, Res>(
  channel: ChannelInterface,
  method: Method<Req, Res>,
  request: Req,
  start: CallStart,
): Promise<Res> {
  return new Promise((resolve, reject) => {
    const bytes = serialized(method, request);
    const response = singleResponse(method, resolve, reject);
    const call = startCall(channel, start, {
      message(message) {
        const error = response.message(message);
        if (error === undefined) call.pull();
        else call.cancel(error);
      },
      ended: (error) => response.ended(error),
    });
    call.pull();
    call.send(bytes, () => undefined);
    call.halfClose();
  });
}

/** The only response of a call. */
export interface SingleResponse {
  /** Answers the error to end the call with, where this is one too many. */
  message(bytes: Buffer): RpcError | undefined;
  ended(error: RpcError | undefined): void;
}

export function singleResponse<Req, Res>(
  method: Method<Req, Res>,
  resolve: (response: Res) => void,
  reject: (error: RpcError) => void,
): SingleResponse {
  let held: Buffer | undefined;
  return {
    message(bytes) {
      if (held !== undefined) return notOfContract('there is more than one response');
      held = bytes;
      return undefined;
    },
    ended(error) {
      if (error !== undefined) reject(error);
      else if (held === undefined) reject(notOfContract('there is no response'));
      else settle(held);
    },
  };

  function settle(bytes: Buffer): void {
    try {
      resolve(method.responseDeserialize(bytes));
    } catch (cause) {
      reject(notOfContract('the response cannot be read', cause));
    }
  }
}

function notOfContract(what: string, cause?: unknown): RpcError {
  return rpcError(status.INTERNAL, undefined, what, { cause });
}
