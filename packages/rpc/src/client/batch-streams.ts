import type { Clock } from '@holdfast/domain';
import { toRpcError, type RpcError } from '../status/rpc-error.js';
import type { PendingOperation } from './batch-operation.js';
import type { BatchSessionOptions } from './batch-options.js';
import { openBatchStream, type BatchStream, type BatchStreamEvents } from './batch-stream.js';
import { isFinal } from './final-errors.js';
import { createReopening } from './reopening.js';
import type { RpcChannel } from './rpc-channel.js';

/**
 * The streams of a session:
 *
 * 1. One is current: operations go to it. There is none at first, and after it has ended.
 * 2. The next one is opened when operations wait and there is none, or when the current one is due:
 *    it is old, or owes results for too long. Until then operations go on to the current one, unless
 *    its connection takes no new calls.
 * 3. Once the next one has a connection it is current. The one before is half-closed and retires:
 *    its results come in, it ends, or it is cancelled after `retireMsMax`.
 *
 * An attempt that fails, and a stream that ends without having answered anything, are followed by a
 * wait that grows.
 */
export interface BatchStreams {
  /** The one to send to now, if any. Begins to open one if that is needed. */
  current(): BatchStream | undefined;
  readonly all: () => BatchStream[];
  /** Whether streams are left that only retire. */
  readonly retiring: () => boolean;
  /** Cancels those that have retired for too long. */
  cancelRetired(now: number): void;
  /** Half-closes what has nothing outstanding, cancels the rest; opens no more. */
  close(): void;
}

export interface BatchStreamsEvents {
  result(operation: PendingOperation, bytes: Uint8Array): void;
  /** It may be that `current` can be sent to now. */
  room(): void;
  /** No stream could be opened. */
  failed(error: RpcError): void;
  /** `refused`: the stream was not taken at all, so that nothing of them was done. */
  unanswered(
    operations: readonly PendingOperation[],
    error: RpcError | undefined,
    refused: boolean,
  ): void;
}

export function createBatchStreams(
  channel: RpcChannel,
  options: BatchSessionOptions,
  clock: Clock,
  session: BatchStreamsEvents,
): BatchStreams {
  const reopening = createReopening();
  const retired = new Map<BatchStream, number>();
  const stop = new AbortController();
  let current: BatchStream | undefined;
  let next: BatchStream | undefined;
  let waiting = false;

  function isDue(stream: BatchStream): boolean {
    const now = clock.now();
    if (now - stream.startedAt >= options.streamAgeMsMax) return true;
    return stream.owesSince(now - options.owedMsMax);
  }

  /** Its connection takes no new calls: the server is about to close it, and may refuse what comes. */
  function isLeaving(): boolean {
    return current !== undefined && channel.state() !== 'ready';
  }

  function openNext(): void {
    if (next !== undefined || waiting || stop.signal.aborted) return;
    const waitMs = reopening.waitMs(clock.now());
    if (waitMs > 0) waitFor(waitMs);
    else next = tryToOpen();
  }

  function waitFor(ms: number): void {
    waiting = true;
    void clock.sleep(ms, stop.signal).then(() => {
      waiting = false;
      session.room();
    });
  }

  function tryToOpen(): BatchStream | undefined {
    try {
      const events = eventsOf((): BatchStream => stream);
      const stream = openBatchStream(channel, options.metadata, clock.now(), events);
      return stream;
    } catch (cause) {
      failed(toRpcError(cause));
      return undefined;
    }
  }

  function eventsOf(stream: () => BatchStream): BatchStreamEvents {
    return {
      opened: () => makeCurrent(stream()),
      result: (operation, bytes) => {
        reopening.succeeded();
        session.result(operation, bytes);
      },
      room: () => session.room(),
      ended: (error, unanswered) => onEnded(stream(), error, unanswered),
    };
  }

  function makeCurrent(stream: BatchStream): void {
    next = undefined;
    if (stop.signal.aborted) {
      stream.cancel();
      return;
    }
    if (current !== undefined) retire(current);
    current = stream;
    session.room();
  }

  function retire(stream: BatchStream): void {
    retired.set(stream, clock.now());
    stream.halfClose();
  }

  function onEnded(
    stream: BatchStream,
    error: RpcError | undefined,
    unanswered: readonly PendingOperation[],
  ): void {
    const mattered = stream === current || stream === next;
    if (stream === current) current = undefined;
    if (stream === next) next = undefined;
    retired.delete(stream);
    if (unanswered.length > 0) {
      const refused = error !== undefined && isFinal(error) && !stream.hasAnswered();
      session.unanswered(unanswered, error, refused);
    }
    if (!mattered) return;
    if (!stream.hasAnswered()) failed(error);
    session.room();
  }

  function failed(error: RpcError | undefined): void {
    reopening.failed(clock.now(), error?.retryAfterMs);
    if (error !== undefined) session.failed(error);
  }

  function all(): BatchStream[] {
    return [current, next, ...retired.keys()].filter((stream) => stream !== undefined);
  }

  return {
    current() {
      const leaving = isLeaving();
      if (current === undefined || leaving || isDue(current)) openNext();
      return leaving ? undefined : current;
    },
    all,
    retiring: () => retired.size > 0,
    cancelRetired(now) {
      for (const [stream, since] of retired) {
        if (now - since >= options.retireMsMax) stream.cancel();
      }
    },
    close() {
      stop.abort();
      for (const stream of all()) {
        if (stream.isOpen() && stream.outstanding() === 0) stream.halfClose();
        else stream.cancel();
      }
    },
  };
}
