/**
 * The operations of one BatchObjects stream, from their messages to their results.
 *
 * 1. A message is taken apart once the budget has room for it and for the payloads it asks for.
 * 2. Its operations run (`operation-runner.ts`), and each result is sent together with those that came
 *    in the same turn of the event loop.
 * 3. An operation that takes longer than its timeout is answered so. If it has begun it goes on, since
 *    a write cannot be taken back, and its result is dropped.
 *
 * The stream ends when its caller is done and everything is answered and sent; when the server drains,
 * as soon as what ran is; or when it fails. What still runs then ends by itself, and the last one gives
 * back what the stream held of the budget.
 */
import { status } from '@grpc/grpc-js';
import {
  createIndexTable,
  invalidField,
  reasonError,
  rpcError,
  splitBatchRequest,
  type MessageWriter,
  type RawOperation,
} from '@holdfast/rpc';
import type { ByteBudget, OperationKind } from '@holdfast/service-kit';
import type { BatchLimits } from './batch-limits.js';
import { errorResult, type EncodedResult } from './encoded-result.js';
import { createOperationRunner, type RunnerDependencies } from './operation-runner.js';
import type { HeldMessage, Operation } from './operation.js';
import { createOverdueWatch } from './overdue-watch.js';
import { createResultSender, type OutgoingResult } from './result-sender.js';

export interface BatchStream {
  /** Takes a message over; waits while there is no room for it. */
  accept(message: Uint8Array, signal: AbortSignal): Promise<void>;
  /** Resolves when another message may be read; false once the stream is over. */
  roomForMessage(): Promise<boolean>;
  /** The caller sends no more. */
  halfClosed(): void;
  /** The server shuts down: nothing more begins. */
  drain(): void;
  fail(error: unknown): void;
  readonly ended: Promise<void>;
}

export interface BatchStreamParts {
  readonly limits: BatchLimits;
  readonly permitKind: OperationKind;
  readonly requestId: string;
  readonly responses: MessageWriter<Buffer>;
}

export interface BatchStreamDependencies extends RunnerDependencies {
  readonly payloadBytes: ByteBudget;
}

export function createBatchStream(
  { limits, permitKind, requestId, responses }: BatchStreamParts,
  dependencies: BatchStreamDependencies,
): BatchStream {
  const { clock, expectedBytes, observer, payloadBytes } = dependencies;
  const lease = payloadBytes.open();
  const outstanding = createIndexTable<Operation>();
  const ending = createEnding();
  let isDraining = false;
  let isHalfClosed = false;
  let wakeReader: (() => void) | undefined;

  const watch = createOverdueWatch(limits.overdueCheckMs, answerOverdue, { clock });
  const sender = createResultSender({
    responses,
    messageBytesMax: limits.messageBytesMax,
    sent,
    failed: fail,
    idle: endIfDone,
  });
  const runner = createOperationRunner(
    { permitKind, limits, requestId, waitingBytes: sender.waitingBytes, ended: operationEnded },
    dependencies,
  );

  async function accept(message: Uint8Array, signal: AbortSignal): Promise<void> {
    const operations = splitBatchRequest(message);
    if (operations.length === 0) return;
    const bytes = message.length + expectedResultBytes(operations);
    const held = { bytes, timeArrived: clock.now(), open: operations.length };
    await lease.grow(bytes, signal);
    if (ending.isOver()) return;
    for (const operation of operations) add(operation, held);
    if (isDraining) runner.refuseWaiting(shuttingDown());
    else runner.pump();
    watch.wake();
  }

  function expectedResultBytes(operations: readonly RawOperation[]): number {
    let gets = 0;
    for (const { kind } of operations) gets += Number(kind === 'get');
    return Math.min(gets * expectedBytes.current(), limits.resultBytesMax);
  }

  function add({ index, kind, bytes, timeoutMs }: RawOperation, held: HeldMessage): void {
    if (outstanding.get(index) !== undefined) {
      const why = `${index} is the number of another operation that is not answered yet`;
      throw invalidField('INVALID_BATCH', 'operations.index', why);
    }
    const timeDue = held.timeArrived + (timeoutMs ?? limits.timeoutMsDefault);
    const operation = { index, kind, bytes, timeDue, held, isRunning: false, isAnswered: false };
    outstanding.set(index, operation);
    runner.add(operation);
  }

  function operationEnded(operation: Operation, result: EncodedResult): void {
    if (operation.isAnswered) letGo(operation.held);
    else answer(operation, result);
    if (ending.isOver()) closeLeaseIfIdle();
  }

  function answer(operation: Operation, result: EncodedResult): void {
    operation.isAnswered = true;
    outstanding.delete(operation.index);
    if (ending.isOver()) return;
    const { index, isRunning, held } = operation;
    sender.add({ index, result, held: isRunning ? undefined : held });
    if (outstanding.size() < limits.outstandingMax) wakeReader?.();
  }

  function answerOverdue(): boolean {
    const now = clock.now();
    for (const operation of outstanding.values()) {
      if (operation.timeDue > now) continue;
      const { kind } = operation;
      const error = rpcError(
        status.DEADLINE_EXCEEDED,
        undefined,
        'it took longer than its timeout',
      );
      observer.failed({ kind, requestId, traceparent: undefined, error });
      answer(operation, errorResult(error));
    }
    return outstanding.size() > 0;
  }

  function sent(results: readonly OutgoingResult[]): void {
    for (const { held } of results) {
      if (held !== undefined) letGo(held);
    }
    runner.pump();
  }

  function letGo(held: HeldMessage): void {
    held.open -= 1;
    if (held.open === 0 && !ending.isOver()) lease.shrink(held.bytes);
  }

  function endIfDone(): void {
    if (outstanding.size() > 0 || !sender.isIdle()) return;
    if (isHalfClosed) end(undefined);
    else if (isDraining) end(shuttingDown());
  }

  function fail(error: unknown): void {
    end(error);
  }

  function end(error: unknown): void {
    if (ending.isOver()) return;
    ending.end(error);
    watch.stop();
    runner.stop();
    wakeReader?.();
    closeLeaseIfIdle();
  }

  function closeLeaseIfIdle(): void {
    if (runner.running() === 0) lease.close();
  }

  return {
    accept,
    async roomForMessage() {
      if (outstanding.size() >= limits.outstandingMax && !ending.isOver()) {
        await new Promise<void>((resolve) => {
          wakeReader = resolve;
        });
      }
      return !ending.isOver();
    },
    halfClosed() {
      isHalfClosed = true;
      endIfDone();
    },
    drain() {
      isDraining = true;
      runner.refuseWaiting(shuttingDown());
      endIfDone();
    },
    fail,
    ended: ending.ended,
  };
}

interface Ending {
  readonly ended: Promise<void>;
  isOver(): boolean;
  end(error: unknown): void;
}

/** A promise and whether it is settled already. */
function createEnding(): Ending {
  let isOver = false;
  let settle: (error: unknown) => void = () => undefined;
  const ended = new Promise<void>((resolve, reject) => {
    settle = (error) => (error === undefined ? resolve() : reject(error));
  });
  return {
    ended,
    isOver: () => isOver,
    end(error) {
      isOver = true;
      settle(error);
    },
  };
}

function shuttingDown(): Error {
  return reasonError('SHUTTING_DOWN', 'the server is shutting down: nothing was done');
}
