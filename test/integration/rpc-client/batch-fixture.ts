import assert from 'node:assert/strict';
import type { ServerDuplexStream } from '@grpc/grpc-js';
import { object } from '@holdfast/contracts';
import {
  joinBatch,
  splitBatchRequest,
  type BatchSession,
  type BatchSink,
  type RawOperation,
  type RpcError,
} from '@holdfast/rpc';

/** What became of an operation. */
export type Outcome =
  | { readonly kind: 'result'; readonly key: string }
  | { readonly kind: 'failed'; readonly error: RpcError; readonly sent: boolean };

const { BatchOperation, BatchResult } = object;

/** An operation on the object `key`, with an index that must not count. */
export function headOf(key: string): Uint8Array {
  return BatchOperation.encode(
    BatchOperation.fromPartial({
      index: 77,
      operation: { $case: 'head', value: { objectId: { usecase: 'u', key } } },
    }),
  ).finish();
}

export function keyOf({ bytes }: RawOperation): string {
  const { operation } = BatchOperation.decode(bytes);
  return operation?.$case === 'head' ? (operation.value.objectId?.key ?? '') : '';
}

/** The result of an operation, which says what key it was about. */
export function resultFor(key: string): Uint8Array {
  return BatchResult.encode(
    BatchResult.fromPartial({
      outcome: { $case: 'head', value: { object: { objectId: { usecase: 'u', key } } } },
    }),
  ).finish();
}

export function submit(
  session: BatchSession,
  key: string,
  options: { readonly deadline?: number; readonly bytes?: Uint8Array } = {},
): Promise<Outcome> {
  const { deadline = Date.now() + 20_000, bytes = headOf(key) } = options;
  return new Promise((resolve) => {
    let heard = 0;
    const hear = (outcome: Outcome): void => {
      heard += 1;
      assert.equal(heard, 1, `${key} was told twice`);
      resolve(outcome);
    };
    const sink: BatchSink = {
      result(result) {
        const { outcome } = BatchResult.decode(result);
        const found = outcome?.$case === 'head' ? outcome.value.object?.objectId?.key : undefined;
        hear({ kind: 'result', key: found ?? '' });
      },
      failed: (error, sent) => hear({ kind: 'failed', error, sent }),
    };
    session.submit({ bytes, deadline }, sink);
  });
}

/** The messages of a stream as the server of a test sees them. */
export interface ServedBatch {
  readonly call: ServerDuplexStream<Buffer, Buffer>;
  answer(operations: readonly RawOperation[]): void;
}

/** Serves streams; `onMessage` gets each message that has operations. */
export function batchServer(
  onMessage: (operations: RawOperation[], served: ServedBatch) => void,
  onStream: (served: ServedBatch) => void = () => undefined,
): (call: ServerDuplexStream<Buffer, Buffer>) => void {
  return (call) => {
    let unanswered = 0;
    let halfClosed = false;
    const endWhenDone = (): void => {
      if (halfClosed && unanswered === 0) call.end();
    };
    const served: ServedBatch = {
      call,
      answer(operations) {
        const entries = operations.map((operation) => ({
          index: operation.index,
          bytes: resultFor(keyOf(operation)),
        }));
        call.write(joinBatch(entries));
        unanswered -= entries.length;
        endWhenDone();
      },
    };
    onStream(served);
    call.on('data', (message: Buffer) => {
      const operations = splitBatchRequest(message);
      unanswered += operations.length;
      if (operations.length > 0) onMessage(operations, served);
    });
    call.on('error', () => undefined);
    call.on('end', () => {
      halfClosed = true;
      endWhenDone();
    });
  };
}
