import { assert } from '@holdfast/domain';
import type { RpcError } from '../status/rpc-error.js';
import type { MessageWriter } from '../wire/message-stream.js';
import { cancelled, type RawCall } from './raw-call.js';

/** The requests of a call, of which at most two are in the transport's hands. */
export interface PacedWrites<Req> extends MessageWriter<Req> {
  halfClose(): void;
  ended(error: RpcError | undefined): void;
}

/** One on its way into the connection and one behind it, so that the connection never waits. */
const untakenMax = 2;

export function paceWrites<Req>(
  call: () => RawCall,
  serialize: (message: Req) => Buffer,
): PacedWrites<Req> {
  let untaken = 0;
  // Until the first one is taken there may be no connection yet, and room for one message only.
  let room = 1;
  let closing: 'no' | 'when taken' | 'closed' = 'no';
  let waiting: { resolve(): void; reject(error: RpcError): void } | undefined;
  let end: { readonly error: RpcError } | undefined;

  function onTaken(): void {
    untaken -= 1;
    room = untakenMax;
    if (closing === 'when taken') close();
    waiting?.resolve();
    waiting = undefined;
  }

  function close(): void {
    closing = 'closed';
    if (end === undefined) call().halfClose();
  }

  return {
    async write(message) {
      assert(waiting === undefined && closing === 'no', 'messages are written one at a time');
      if (end !== undefined) throw end.error;
      const bytes = serialize(message);
      untaken += 1;
      call().send(bytes, onTaken);
      if (untaken < room) return;
      await new Promise<void>((resolve, reject) => {
        waiting = { resolve, reject };
      });
    },

    halfClose() {
      if (closing !== 'no') return;
      if (untaken > 1) closing = 'when taken';
      else close();
    },

    ended(error) {
      end = { error: error ?? cancelled() };
      waiting?.reject(end.error);
      waiting = undefined;
    },
  };
}
