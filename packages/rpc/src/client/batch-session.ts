import { status } from '@grpc/grpc-js';
import type { Clock } from '@holdfast/domain';
import { reasonError, rpcError, type RpcError } from '../status/rpc-error.js';
import { batchNumbers } from '../wire/index-table.js';
import { createBatchSinks, type PendingOperation } from './batch-operation.js';
import {
  batchSessionDefaults,
  type BatchSessionOptions,
  type BatchSink,
  type BatchSubmission,
} from './batch-options.js';
import { createBatchQueue } from './batch-queue.js';
import { createBatchStreams } from './batch-streams.js';
import { isFinal } from './final-errors.js';
import type { RpcChannel } from './rpc-channel.js';

/** Runs small operations over one long-lived BatchObjects stream at a time. */
export interface BatchSession {
  /**
   * Never throws. What is submitted in one turn of the event loop is gathered into one message, and
   * so is what is submitted while the stream has no room. Operations that wait fail when their
   * deadline comes, when no stream can be opened, or at once when too many wait: they were never
   * sent. Those sent whose result does not come fail with `OUTCOME_UNKNOWN` or DEADLINE_EXCEEDED.
   */
  submit(operation: BatchSubmission, sink: BatchSink): void;
  /** Operations whose sinks have not heard. */
  readonly outstanding: () => number;
  /** Takes no more, waits for those it has for at most `drainMsMax`, and fails the rest. */
  close(drainMsMax: number): Promise<void>;
}

export interface BatchSessionDependencies {
  readonly clock: Clock;
}

/** How often deadlines are looked at. */
const tickMs = 250;
/** For streams without operations to end by themselves when the session closes. */
const lingerMsMax = 1_000;
/** When to come back to a queue that is full. */
const retryAfterMs = 100;

export function createBatchSession(
  channel: RpcChannel,
  options: Partial<BatchSessionOptions>,
  { clock }: BatchSessionDependencies,
): BatchSession {
  const limits = { ...batchSessionDefaults, ...options };
  const outstandingMax = Math.min(limits.outstandingMax, batchNumbers - 1);
  const drained = new AbortController();
  const queue = createBatchQueue(limits.queueMax, limits.queueBytesMax);
  const sinks = createBatchSinks(() => {
    if (closing !== undefined) drained.abort();
  });
  const streams = createBatchStreams(channel, limits, clock, {
    result: (operation, bytes) => sinks.result(operation, bytes),
    room: flush,
    failed: onStreamFailed,
    unanswered(operations, error, refused) {
      const why = refused && error !== undefined ? error : unknownOutcome(error);
      for (const operation of operations) sinks.failed(operation, why, true);
    },
  });
  let scheduled = false;
  // It also keeps the process alive while operations wait for a server that is not there.
  let ticking: NodeJS.Timeout | undefined;
  let down: { since: number; readonly error: RpcError } | undefined;
  let closing: Promise<void> | undefined;

  function schedule(): void {
    if (scheduled) return;
    scheduled = true;
    setImmediate(() => {
      scheduled = false;
      flush();
    });
  }

  function flush(): void {
    if (queue.length() === 0) return;
    const stream = streams.current();
    if (stream === undefined) return;
    down = undefined;
    const room = Math.min(outstandingMax - stream.outstanding(), limits.operationsMax);
    if (room <= 0 || !stream.canSend()) return;
    const operations = wanted(queue.take(room, limits.messageBytesMax));
    if (operations.length > 0) stream.send(operations);
    else schedule();
  }

  /** Those that are still waited for. Mostly all of them are. */
  function wanted(operations: readonly PendingOperation[]): readonly PendingOperation[] {
    if (operations.every(isWanted)) return operations;
    for (const operation of operations) {
      if (!isWanted(operation)) sinks.failed(operation, withdrawn(), false);
    }
    return operations.filter(isWanted);
  }

  function onStreamFailed(error: RpcError): void {
    down = { since: down?.since ?? clock.now(), error };
    if (isFinal(error) && streams.current() === undefined) failWaiting(error);
  }

  function failWaiting(error: RpcError): void {
    for (const operation of queue.take(Infinity, Infinity)) sinks.failed(operation, error, false);
    down = undefined;
  }

  function tick(): void {
    const now = clock.now();
    failOverdue(now);
    streams.cancelRetired(now);
    if (down !== undefined) {
      // The clock may step back.
      down.since = Math.min(down.since, now);
      if (now - down.since >= limits.openMsMax) failWaiting(noStream());
    }
    flush();
    if (sinks.pending() === 0 && !streams.retiring()) stopTicking();
  }

  function stopTicking(): void {
    clearInterval(ticking);
    ticking = undefined;
  }

  function failOverdue(now: number): void {
    for (const operation of queue.takeOverdue(now)) {
      sinks.failed(operation, down === undefined ? tooLate() : noStream(), false);
    }
    for (const stream of streams.all()) {
      const overdue = stream.abandon(now - limits.slackMs, now);
      for (const operation of overdue) sinks.failed(operation, tooLate(), true);
    }
  }

  function refusal(bytes: number): RpcError | undefined {
    if (closing !== undefined) return unavailable('the session is closed');
    if (bytes > limits.operationBytesMax) {
      const why = `an operation of a batch has at most ${limits.operationBytesMax} bytes`;
      return reasonError('PAYLOAD_TOO_LARGE', why);
    }
    if (queue.hasRoom(bytes)) return undefined;
    return reasonError('AT_CAPACITY', 'too many operations wait to be sent', { retryAfterMs });
  }

  function noStream(): RpcError {
    const why = down === undefined ? '' : `: ${down.error.message}`;
    return unavailable(`no stream to ${channel.address}${why}`, down?.error);
  }

  async function drain(drainMsMax: number): Promise<void> {
    if (sinks.pending() > 0) await clock.sleep(drainMsMax, drained.signal);
    failWaiting(unavailable('the session was closed'));
    const left = streams.all();
    streams.close();
    const ended = Promise.all(left.map((stream) => stream.ended));
    const gone = new AbortController();
    await Promise.race([ended.then(() => gone.abort()), clock.sleep(lingerMsMax, gone.signal)]);
    for (const stream of left) stream.cancel();
    await ended;
    stopTicking();
  }

  return {
    submit({ bytes, deadline }, sink) {
      const operation = { bytes, deadline, sink, index: 0, abandonedAt: undefined };
      sinks.submitted();
      const refused = refusal(bytes.length);
      if (refused !== undefined) {
        process.nextTick(() => sinks.failed(operation, refused, false));
        return;
      }
      queue.add(operation);
      schedule();
      ticking ??= setInterval(tick, tickMs);
    },
    outstanding: () => sinks.pending(),
    close(drainMsMax) {
      closing ??= drain(drainMsMax);
      return closing;
    },
  };
}

function isWanted({ sink }: PendingOperation): boolean {
  return sink.isWanted?.() !== false;
}

function unknownOutcome(error: RpcError | undefined): RpcError {
  const why = error === undefined ? '' : `: ${error.message}`;
  return reasonError('OUTCOME_UNKNOWN', `the stream ended before the result came${why}`, {
    cause: error,
  });
}

function withdrawn(): RpcError {
  return rpcError(status.CANCELLED, undefined, 'nobody waited for the operation any more');
}

function tooLate(): RpcError {
  return rpcError(status.DEADLINE_EXCEEDED, undefined, 'the deadline of the operation passed');
}

function unavailable(message: string, cause?: RpcError): RpcError {
  return rpcError(status.UNAVAILABLE, undefined, message, { cause });
}
