import { status } from '@grpc/grpc-js';
import { assert } from '@holdfast/domain';
import { rpcError, type RpcError } from '../status/rpc-error.js';
import type { MessageReader } from '../wire/message-stream.js';
import { cancelled, type RawCall } from './raw-call.js';

/** The responses of a call, of which one is held while nobody reads. */
export interface PulledMessages<Res> extends MessageReader<Res> {
  message(bytes: Buffer): void;
  ended(error: RpcError | undefined): void;
}

interface Waiting<Res> {
  resolve(result: IteratorResult<Res, undefined>): void;
  reject(error: RpcError): void;
}

const done = { done: true, value: undefined } as const;

/** Pulls the first message ahead of its reader, and each further one when the one before is read. */
export function pullMessages<Res>(
  call: () => RawCall,
  deserialize: (bytes: Buffer) => Res,
): PulledMessages<Res> {
  let held: Buffer | undefined;
  let waiting: Waiting<Res> | undefined;
  let end: { readonly error: RpcError | undefined } | undefined;

  function deliver(to: Waiting<Res>, bytes: Buffer): void {
    try {
      const value = deserialize(bytes);
      if (end === undefined) call().pull();
      to.resolve({ done: false, value });
    } catch (cause) {
      const error = rpcError(status.INTERNAL, undefined, 'a response cannot be read', { cause });
      call().cancel(error);
      to.reject(error);
    }
  }

  function settle(to: Waiting<Res>, error: RpcError | undefined): void {
    if (error === undefined) to.resolve(done);
    else to.reject(error);
  }

  function next(): Promise<IteratorResult<Res, undefined>> {
    assert(waiting === undefined, 'messages are read one at a time');
    return new Promise((resolve, reject) => {
      const reader = { resolve, reject };
      if (held !== undefined) {
        const bytes = held;
        held = undefined;
        deliver(reader, bytes);
      } else if (end !== undefined) {
        settle(reader, end.error);
      } else {
        waiting = reader;
      }
    });
  }

  return {
    next,

    [Symbol.asyncIterator]: () => ({
      next,
      return: () => {
        call().cancel(cancelled());
        return Promise.resolve(done);
      },
    }),

    message(bytes) {
      if (waiting === undefined) {
        held = bytes;
        return;
      }
      const reader = waiting;
      waiting = undefined;
      deliver(reader, bytes);
    },

    ended(error) {
      end = { error };
      // What came before an error is of no use: the caller hears of the error sooner.
      if (error !== undefined) held = undefined;
      if (waiting === undefined) return;
      settle(waiting, error);
      waiting = undefined;
    },
  };
}
