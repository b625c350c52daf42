/**
 * The operations of one BatchObjects stream, from their messages to their results.
 *
 * 1. A message is taken apart once the budget has room for it and for the payloads it asks for.
 * 2. Its operations run (`operation-runner.ts`), and each result is sent together with those that came
 *    in the same turn of the event loop.
 * 3. An operation that takes longer than its timeout is answered so. If it has begun it goes on, since
 *    a write cannot be taken back, and its result is dropped.
 *
 * While the server drains, what still arrives is answered SHUTTING_DOWN, with room for it or without: a
 * caller has to take for done what it sent and nobody read.
 *
 * The stream ends when its caller is done and everything is answered and sent; when the server drains,
 * as soon as that is so and no more arrives (`quiet-watch.ts`); or when it fails. What still runs then
 * ends by itself, and the last one gives back what the stream held of the budget.
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
import type { ByteBudget, Lease, OperationKind } from '@holdfast/service-kit';
import type { BatchLimits } from './batch-limits.js';
import type { EncodedResult } from './encoded-result.js';
import { createEnding } from './ending.js';
import { createOperationRunner, type RunnerDependencies } from './operation-runner.js';
import type { HeldMessage, Operation } from './operation.js';
import { createOverdueWatch } from './overdue-watch.js';
import { createQuietWatch } from './quiet-watch.js';
import { createResultSender, type OutgoingResult } from './result-sender.js';

export interface BatchStream {
  /** Takes a message over; waits while there is no room for it. */
  accept(message: Uint8Array, signal: AbortSignal): Promise<void>;
  /** Resolves when another message may be read; false once the stream is over. */
  roomForMessage(): Promise<boolean>;
  /** The caller sends no more. */
  halfClosed(): void;
  /** The server shuts down: nothing more begins, and what arrives is refused. */
  drain(): void;
  fail(error: unknown): void;
  readonly ended: Promise<void>;
}

export interface BatchStreamParts {
  readonly limits: BatchLimits;
  readonly permitKind: OperationKind;
  /** Of the stream: for operations that name no trace. */
  readonly traceparent: string | undefined;
  readonly responses: MessageWriter<Buffer>;
}

export interface BatchStreamDependencies extends RunnerDependencies {
  readonly payloadBytes: ByteBudget;
}

export function createBatchStream(
  { limits, permitKind, traceparent, responses }: BatchStreamParts,
  dependencies: BatchStreamDependencies,
): BatchStream {
  const { clock, expectedBytes, payloadBytes } = dependencies;
  const heldMessages = new Set<HeldMessage>();
  const outstanding = createIndexTable<Operation>();
  const ending = createEnding();
  let isDraining = false;
  let isHalfClosed = false;
  let waitingForRoom: Lease | undefined;
  let wakeReader: (() => void) | undefined;

  const watch = createOverdueWatch(limits.overdueCheckMs, answerOverdue, { clock });
  const quiet = createQuietWatch(limits, endIfDone, { clock });
  const sender = createResultSender({
    responses,
    messageBytesMax: limits.messageBytesMax,
    sent,
    failed: fail,
    idle: allSent,
  });
  const runner = createOperationRunner(
    { permitKind, limits, traceparent, waitingBytes: sender.waitingBytes, ended: operationEnded },
    dependencies,
  );

  async function accept(message: Uint8Array, signal: AbortSignal): Promise<void> {
    const operations = splitBatchRequest(message);
    if (operations.length === 0) return;
    const bytes = message.length + expectedResultBytes(operations);
    const lease = payloadBytes.open();
    const held = { lease, timeArrived: clock.now(), open: operations.length };
    heldMessages.add(held);
    quiet.disturb();
    if (!isDraining) await waitForRoom(lease, bytes, signal);
    if (ending.isOver()) return release(held);
    for (const operation of operations) add(operation, held);
    if (isDraining) runner.refuseWaiting(shuttingDown());
    else runner.pump();
    watch.wake();
  }

  /**
   * Each message has a lease of its own: one that waits for room holds nothing. A lease for all of them
   * would be taken for one that gives nothing back while it waits, although its operations go on.
   */
  async function waitForRoom(lease: Lease, bytes: number, signal: AbortSignal): Promise<void> {
    waitingForRoom = lease;
    try {
      await lease.grow(bytes, signal);
    } catch (error) {
      // The drain closes it: what is refused needs no room.
      if (!isDraining) throw error;
    } finally {
      waitingForRoom = undefined;
    }
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
    if (ending.isOver()) releaseAllIfIdle();
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
      answer(operation, runner.failure(operation, overdue()));
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
    if (held.open === 0) release(held);
  }

  function release(held: HeldMessage): void {
    heldMessages.delete(held);
    held.lease.close();
  }

  function allSent(): void {
    wakeReader?.();
    endIfDone();
  }

  function endIfDone(): void {
    if (outstanding.size() > 0 || !sender.isIdle()) return;
    if (isHalfClosed) end(undefined);
    else if (quiet.isQuiet()) end(shuttingDown());
  }

  function fail(error: unknown): void {
    end(error);
  }

  function end(error: unknown): void {
    if (ending.isOver()) return;
    ending.end(error);
    watch.stop();
    quiet.stop();
    runner.stop();
    wakeReader?.();
    releaseAllIfIdle();
  }

  function releaseAllIfIdle(): void {
    if (runner.running() > 0) return;
    for (const held of heldMessages) release(held);
  }

  /** What is refused takes no room of the budget: there is one message of it at a time. */
  function isFull(): boolean {
    return outstanding.size() >= limits.outstandingMax || (isDraining && !sender.isIdle());
  }

  return {
    accept,
    async roomForMessage() {
      while (isFull() && !ending.isOver()) {
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
      waitingForRoom?.close();
      runner.refuseWaiting(shuttingDown());
      quiet.start();
    },
    fail,
    ended: ending.ended,
  };
}

function overdue(): Error {
  return rpcError(status.DEADLINE_EXCEEDED, undefined, 'it took longer than its timeout');
}

function shuttingDown(): Error {
  return reasonError('SHUTTING_DOWN', 'the server is shutting down: nothing was done');
}
