import assert from 'node:assert/strict';
import { Any, object, rpc } from '@holdfast/contracts';

const { BatchObjectsRequest, BatchObjectsResponse } = object;

const objectId: object.ObjectId = { usecase: 'attachments', scopes: [], key: 'k' };
const unset = { timeout: undefined, requestId: undefined, traceparent: undefined };

describe('the messages of a batch', () => {
  it('carry lists of operations of every kind, each with its index', () => {
    const request: object.BatchObjectsRequest = {
      operations: [
        {
          index: 0,
          operation: {
            $case: 'put',
            value: {
              header: { objectId, metadata: undefined, condition: undefined },
              payload: new Uint8Array(0),
              crc32c: 0,
            },
          },
          ...unset,
        },
        {
          index: 4_294_967_295,
          operation: {
            $case: 'get',
            value: { objectId, range: undefined, ifRevision: undefined },
          },
          timeout: { seconds: 1n, nanos: 0 },
          requestId: 'r1',
          traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
        },
        {
          index: 7,
          operation: { $case: 'head', value: { objectId, ifRevision: '' } },
          ...unset,
        },
        {
          index: 2,
          operation: { $case: 'delete', value: { objectId, ifRevision: undefined } },
          ...unset,
        },
      ],
    };
    const frame = BatchObjectsRequest.encode(request).finish();
    assert.deepEqual(BatchObjectsRequest.decode(frame), request);
  });

  it('take an operation of a newer kind for none, and keep its index to answer it', () => {
    const operation = Uint8Array.of(0x08, 3, 0x4a, 0); // index 3, field 9 empty
    const frame = Uint8Array.of(0x0a, operation.length, ...operation);
    assert.deepEqual(BatchObjectsRequest.decode(frame).operations, [
      { index: 3, operation: undefined, ...unset },
    ]);
  });

  it('tell a payload that is empty from one that is too large to be here', () => {
    for (const payload of [undefined, new Uint8Array(0), Uint8Array.of(1)]) {
      const value: object.BatchGetResult = { object: undefined, span: undefined, payload };
      const response: object.BatchObjectsResponse = {
        results: [{ index: 1, outcome: { $case: 'get', value } }],
      };
      const frame = BatchObjectsResponse.encode(response).finish();
      assert.deepEqual(BatchObjectsResponse.decode(frame), response);
    }
  });

  it('carry an error of one operation with its details, beside the success of another', () => {
    const info: rpc.ErrorInfo = {
      reason: 'REVISION_MISMATCH',
      domain: 'holdfast',
      metadata: { revision: '01934d2e-7c1a-7000-8000-000000000000' },
    };
    const details = Any.create({
      typeUrl: 'type.googleapis.com/google.rpc.ErrorInfo',
      value: rpc.ErrorInfo.encode(info).finish(),
    });
    const response: object.BatchObjectsResponse = {
      results: [
        {
          index: 5,
          outcome: { $case: 'error', value: { code: 9, message: 'no', details: [details] } },
        },
        { index: 4, outcome: { $case: 'delete', value: { deletedRevision: undefined } } },
      ],
    };
    const decoded = BatchObjectsResponse.decode(BatchObjectsResponse.encode(response).finish());
    assert.deepEqual(decoded, response);
    const [failed] = decoded.results;
    assert.ok(failed?.outcome?.$case === 'error');
    const [detail] = failed.outcome.value.details;
    assert.ok(detail);
    assert.deepEqual(rpc.ErrorInfo.decode(detail.value), info);
  });
});
