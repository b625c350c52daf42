import { object, rpc } from '@holdfast/contracts';
import { fromStatusBytes, type RpcError } from '@holdfast/rpc';
import assert from 'node:assert/strict';
import {
  createCall,
  createRequests,
  createResponses,
  until,
  type FakeCall,
  type FakeRequests,
  type FakeResponses,
} from './fake-call.js';
import { batchMessage, type OperationInput, type ServiceUnderTest } from './service-under-test.js';

/** One BatchObjects stream as its caller sees it. */
export interface BatchCall {
  readonly call: FakeCall;
  readonly requests: FakeRequests;
  readonly responses: FakeResponses;
  /** How the stream ended. */
  readonly ended: Promise<void>;
  send(...operations: OperationInput[]): void;
  /** Everything answered so far, in the order of arrival. */
  results(): readonly object.BatchResult[];
  /** Resolves when so many results are there. */
  answered(count: number): Promise<readonly object.BatchResult[]>;
  /** The result with that index. */
  resultOf(index: number): object.BatchResult;
}

export function openBatch(
  service: ServiceUnderTest,
  metadata: Readonly<Record<string, string>> = {},
  traceparent?: string,
): BatchCall {
  const call = createCall(metadata, traceparent);
  const requests = createRequests();
  const responses = createResponses();
  const ended = service.batch(requests.reader, responses.writer, call.context);
  // Who expects an end looks at it later.
  ended.catch(() => undefined);

  function results(): readonly object.BatchResult[] {
    return responses.messages.flatMap(
      (message) => object.BatchObjectsResponse.decode(message).results,
    );
  }

  return {
    call,
    requests,
    responses,
    ended,
    send: (...operations) => requests.send(batchMessage(...operations)),
    results,
    async answered(count) {
      await until(() => results().length >= count);
      return results();
    },
    resultOf(index) {
      const found = results().filter((result) => result.index === index);
      assert.equal(found.length, 1, `there is one result with index ${index}`);
      return found[0] ?? assert.fail();
    },
  };
}

/** What the operation failed with. */
export function errorOf({ outcome }: object.BatchResult): RpcError {
  assert(outcome?.$case === 'error', `it ended as ${outcome?.$case}`);
  return fromStatusBytes(rpc.Status.encode(outcome.value).finish());
}
