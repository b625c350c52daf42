import { status } from '@grpc/grpc-js';
import { object } from '@holdfast/contracts';
import { rpcError, toRpcError, type RpcError } from '../status/rpc-error.js';
import { joinBatch, splitBatchResponse } from '../wire/batch-frames.js';
import { batchNumbers, createIndexTable } from '../wire/index-table.js';
import { rawMethod } from '../wire/method.js';
import type { PendingOperation } from './batch-operation.js';
import type { ClientBidi, RpcChannel } from './rpc-channel.js';

/** One BatchObjects stream. */
export interface BatchStream {
  readonly startedAt: number;
  /** It has a connection. */
  readonly isOpen: () => boolean;
  /** The server has answered an operation. */
  readonly hasAnswered: () => boolean;
  /** Operations whose results are still to come, those nobody waits for included. */
  readonly outstanding: () => number;
  /** Whether a message may be sent now. */
  readonly canSend: () => boolean;
  /** Sends one message. Never throws: what becomes of the operations is heard as of any. */
  send(operations: readonly PendingOperation[]): void;
  /** Those whose time came before `latest`; from `now` on nobody waits for them. */
  abandon(latest: number, now: number): PendingOperation[];
  /** Whether it has owed a result since `latest` or longer. */
  owesSince(latest: number): boolean;
  /** Says that no more operations come. */
  halfClose(): void;
  cancel(): void;
  /** Resolves once it has ended and everybody was told. */
  readonly ended: Promise<void>;
}

export interface BatchStreamEvents {
  opened(): void;
  result(operation: PendingOperation, bytes: Uint8Array): void;
  /** It may be that a message can be sent now. */
  room(): void;
  /** The last event. Without an error it ended well. */
  ended(error: RpcError | undefined, unanswered: readonly PendingOperation[]): void;
}

const batchMethod = rawMethod(object.ObjectServiceService.batchObjects);
const noBytes = new Uint8Array(0);

/**
 * Begins a stream. Its first message has no operations: once the connection has taken that one the
 * stream is open, and until then no operation is risked on it. Throws when the channel is closed.
 */
export function openBatchStream(
  channel: RpcChannel,
  metadata: Readonly<Record<string, string>> | undefined,
  startedAt: number,
  events: BatchStreamEvents,
): BatchStream {
  const call = channel.bidi(batchMethod, { metadata });
  const outstanding = createIndexTable<PendingOperation>();
  let lastNumber = batchNumbers - 1;
  let abandoned = 0;
  let state: 'opening' | 'open' | 'ended' = 'opening';
  let answered = false;
  let writing = false;

  function write(message: Buffer, then: () => void): void {
    writing = true;
    call.write(message).then(
      () => {
        writing = false;
        if (state !== 'ended') then();
      },
      // That the call is over is heard where its messages are read; any other failure ends it.
      () => call.cancel(),
    );
  }

  /** The one that has not been used for longest, so that a result that comes twice is noticed. */
  function freeNumber(): number {
    do lastNumber = (lastNumber + 1) % batchNumbers;
    while (outstanding.get(lastNumber) !== undefined);
    return lastNumber;
  }

  function onMessage(message: Buffer): void {
    for (const { index, bytes } of splitBatchResponse(message)) {
      const operation = outstanding.get(index);
      if (operation === undefined) throw unexpectedResult(index);
      outstanding.delete(index);
      answered = true;
      if (operation.abandonedAt === undefined) events.result(operation, bytes);
      else abandoned -= 1;
    }
    events.room();
  }

  function onEnd(error: RpcError | undefined): void {
    state = 'ended';
    const left = [...outstanding.values()];
    for (const { index } of left) outstanding.delete(index);
    events.ended(error, left.filter(isAwaited));
  }

  write(Buffer.alloc(0), () => {
    state = 'open';
    events.opened();
  });

  return {
    startedAt,
    isOpen: () => state === 'open',
    hasAnswered: () => answered,
    outstanding: outstanding.size,
    canSend: () => state === 'open' && !writing,

    send(operations) {
      for (const operation of operations) {
        operation.index = freeNumber();
        outstanding.set(operation.index, operation);
      }
      const message = joinBatch(operations);
      for (const operation of operations) operation.bytes = noBytes;
      write(message, () => events.room());
    },

    abandon(latest, now) {
      const overdue: PendingOperation[] = [];
      for (const operation of outstanding.values()) {
        if (operation.deadline > latest || !isAwaited(operation)) continue;
        operation.abandonedAt = now;
        abandoned += 1;
        overdue.push(operation);
      }
      return overdue;
    },

    owesSince(latest) {
      if (abandoned === 0) return false;
      for (const { abandonedAt } of outstanding.values()) {
        if (abandonedAt !== undefined && abandonedAt <= latest) return true;
      }
      return false;
    },

    halfClose: () => call.halfClose(),
    cancel: () => call.cancel(),
    ended: readAll(call, onMessage).then(onEnd),
  };
}

/** Reads to the end; answers how it ended. */
async function readAll(
  call: ClientBidi<Buffer, Buffer>,
  onMessage: (message: Buffer) => void,
): Promise<RpcError | undefined> {
  try {
    for (;;) {
      const next = await call.next();
      if (next.done === true) return undefined;
      onMessage(next.value);
    }
  } catch (error) {
    call.cancel();
    return toRpcError(error);
  }
}

function isAwaited({ abandonedAt }: PendingOperation): boolean {
  return abandonedAt === undefined;
}

function unexpectedResult(index: number): RpcError {
  return rpcError(status.INTERNAL, undefined, `a result ${index} that no operation waits for`);
}
