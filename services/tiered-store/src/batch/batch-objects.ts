/**
 * Runs the operations of a stream that lives for as long as both sides like it to.
 *
 * 1. Read a message when there is room for its operations, and hand it to the stream.
 * 2. End with the stream (`batch-stream.ts`). The reading then ends by itself: the call is over.
 *
 * A stream of metadata `holdfast-class: single` carries calls that somebody waits for one by one. All
 * others keep to the share of the permits that is for bulk.
 */
import type { BidiHandler, CallContext, MessageReader } from '@holdfast/rpc';
import type { OperationKind } from '@holdfast/service-kit';
import type { BatchLimits } from './batch-limits.js';
import {
  createBatchStream,
  type BatchStream,
  type BatchStreamDependencies,
} from './batch-stream.js';

export interface BatchObjectsDependencies extends BatchStreamDependencies {
  /** Aborts when the server begins to shut down. */
  readonly draining: AbortSignal;
}

const classKey = 'holdfast-class';

export function batchObjectsHandler(
  limits: BatchLimits,
  dependencies: BatchObjectsDependencies,
): BidiHandler<Buffer, Buffer> {
  const { draining } = dependencies;
  return async (requests, responses, context) => {
    const { traceparent } = context;
    const permitKind = permitKindOf(context);
    const stream = createBatchStream({ limits, permitKind, traceparent, responses }, dependencies);
    const drain = (): void => stream.drain();
    draining.addEventListener('abort', drain);
    if (draining.aborted) drain();
    void readInto(stream, requests, context.signal);
    try {
      await stream.ended;
    } finally {
      draining.removeEventListener('abort', drain);
    }
  };
}

async function readInto(
  stream: BatchStream,
  requests: MessageReader<Buffer>,
  signal: AbortSignal,
): Promise<void> {
  try {
    while (await stream.roomForMessage()) {
      const next = await requests.next();
      if (next.done === true) return stream.halfClosed();
      await stream.accept(next.value, signal);
    }
  } catch (error) {
    stream.fail(error);
  }
}

function permitKindOf({ metadata }: CallContext): OperationKind {
  return metadata.get(classKey).includes('single') ? 'single' : 'bulk';
}
