import type { RpcError } from '../status/rpc-error.js';
import type { BatchSink } from './batch-options.js';

/** An operation on its way, from its submission until its sink has heard. */
export interface PendingOperation {
  /** Given up once they are sent. */
  bytes: Uint8Array;
  /** Its number on the stream it was sent on. */
  index: number;
  readonly deadline: number;
  readonly sink: BatchSink;
  /** When its sink was told that it took too long, while the server still owes the result. */
  abandonedAt: number | undefined;
}

/** Tells the sinks, each exactly once, and counts those that have not heard. */
export interface BatchSinks {
  readonly pending: () => number;
  submitted(): void;
  result(operation: PendingOperation, bytes: Uint8Array): void;
  failed(operation: PendingOperation, error: RpcError, sent: boolean): void;
}

/** `onAllHeard` is told whenever the last one has heard. */
export function createBatchSinks(onAllHeard: () => void): BatchSinks {
  let pending = 0;

  function heard(): void {
    pending -= 1;
    if (pending === 0) onAllHeard();
  }

  return {
    pending: () => pending,
    submitted() {
      pending += 1;
    },
    result({ sink }, bytes) {
      try {
        sink.result(bytes);
      } catch (error) {
        throwOutside(error);
      }
      heard();
    },
    failed({ sink }, error, sent) {
      try {
        sink.failed(error, sent);
      } catch (thrown) {
        throwOutside(thrown);
      }
      heard();
    },
  };
}

/** A sink that throws is a bug of its owner's. It must not cost other operations their results. */
function throwOutside(error: unknown): void {
  process.nextTick(() => {
    throw error;
  });
}
