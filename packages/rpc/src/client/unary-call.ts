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

interface Caller<Res> {
  readonly resolve: (response: Res) => void;
  readonly reject: (error: RpcError) => void;
}

export function singleResponse<Req, Res>(
  method: Method<Req, Res>,
  resolve: Caller<Res>['resolve'],
  reject: Caller<Res>['reject'],
): SingleResponse {
  let held: Buffer | undefined;
  let waiting: Caller<Res> | undefined = { resolve, reject };
  return {
    message(bytes) {
      if (held !== undefined) return notOfContract('there is more than one response');
      held = bytes;
      return undefined;
    },
    ended(error) {
      const [caller, bytes] = [waiting, held];
      // The transport keeps its calls for a while, and is not to keep alive what they answered.
      waiting = undefined;
      held = undefined;
      if (error !== undefined) caller?.reject(error);
      else if (bytes === undefined) caller?.reject(notOfContract('there is no response'));
      else if (caller !== undefined) settle(method, bytes, caller);
    },
  };
}

function settle<Req, Res>(
  method: Method<Req, Res>,
  bytes: Buffer,
  { resolve, reject }: Caller<Res>,
): void {
  try {
    resolve(method.responseDeserialize(bytes));
  } catch (cause) {
    reject(notOfContract('the response cannot be read', cause));
  }
}

function notOfContract(what: string, cause?: unknown): RpcError {
  return rpcError(status.INTERNAL, undefined, what, { cause });
}
