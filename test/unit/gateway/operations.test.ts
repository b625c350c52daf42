import { object } from '@holdfast/contracts';
import { reasonError, invalidField, splitBatchRequest, joinBatch } from '@holdfast/rpc';
import assert from 'node:assert/strict';
import {
  encodeErrorResult,
  encodeOperation,
  encodePutOperation,
  withStreamTraceparent,
} from '../../../services/gateway/src/operations/encode-operation.js';
import {
  asksForRevision,
  withRevision,
} from '../../../services/gateway/src/operations/get-request.js';
import {
  expectAnswer,
  readUnavailable,
} from '../../../services/gateway/src/operations/read-outcome.js';
import { singleCallError } from '../../../services/gateway/src/operations/single-call-error.js';
import { errorOutcome } from '../../support/gateway/memory-objects.js';
import type { Outcome } from '../../support/gateway/store-script.js';

const objectId = { usecase: 'tests', scopes: [{ name: 'org', value: '4' }], key: 'schlüssel' };
const context = { timeoutMs: 1_234.5, requestId: 'id-1', traceparent: undefined };

function resultBytes(outcome: Outcome): Uint8Array {
  return object.BatchResult.encode({ index: 9, outcome }).finish();
}

describe('gateway operations', () => {
  it('wrap a request as it is, with what is known of its call', () => {
    const request = object.HeadObjectRequest.encode({ objectId, ifRevision: 'r' }).finish();
    const decoded = object.BatchOperation.decode(encodeOperation('head', request, context));
    assert.deepEqual(decoded.operation, { $case: 'head', value: { objectId, ifRevision: 'r' } });
    assert.deepEqual(decoded.timeout, { seconds: 1n, nanos: 234_000_000 });
    assert.equal(decoded.requestId, 'id-1');
    assert.equal(decoded.traceparent, undefined);
  });

  it('put the pieces of a payload together, whatever their sizes', () => {
    const header = object.PutObjectHeader.encode({
      objectId,
      metadata: undefined,
      condition: undefined,
    }).finish();
    for (const sizes of [[], [0], [1], [127, 1], [128], [16_383, 1], [262_144], [3, 100_000, 7]]) {
      const chunks = sizes.map((size, index) => Buffer.alloc(size, index + 1));
      const payload = Buffer.concat(chunks);
      for (const crc32c of [undefined, 0, 4_294_967_295]) {
        const put = { header, chunks, size: payload.length, crc32c };
        const bytes = encodePutOperation(put, { ...context, traceparent: '00-1-2-01' });
        const decoded = object.BatchOperation.decode(bytes);
        assert.equal(decoded.operation?.$case, 'put');
        assert.deepEqual(Buffer.from(decoded.operation.value.payload), payload);
        assert.equal(decoded.operation.value.crc32c, crc32c);
        assert.deepEqual(decoded.operation.value.header?.objectId, objectId);
        assert.equal(decoded.traceparent, '00-1-2-01');
      }
    }
  });

  it('keep all they carry when they get another number', () => {
    const request = object.HeadObjectRequest.encode({ objectId, ifRevision: undefined }).finish();
    const bytes = Buffer.concat([
      Buffer.from([0x08, 5]),
      encodeOperation('head', request, context),
    ]);
    for (const index of [0, 1, 300, 4_294_967_295]) {
      const [split] = splitBatchRequest(joinBatch([{ bytes, index }]));
      assert.equal(split?.index, index);
      assert.equal(object.BatchOperation.decode(split.bytes).index, index);
      assert.equal(split.kind, 'head');
      assert.equal(split.timeoutMs, 1_234);
    }
  });

  it('take the trace context of their stream over what they have', () => {
    for (const own of [undefined, 'malformed']) {
      const operation = object.BatchOperation.fromPartial({ index: 1, traceparent: own });
      const bytes = object.BatchOperation.encode(operation).finish();
      const decoded = object.BatchOperation.decode(withStreamTraceparent(bytes, 'stream'));
      assert.equal(decoded.traceparent, 'stream');
    }
  });
});

describe('gateway results', () => {
  it('are the answer that was asked for, or the error', () => {
    const value = { deletedRevision: 'r' };
    const answer = expectAnswer(resultBytes({ $case: 'delete', value }), 'delete');
    assert.deepEqual(object.DeleteObjectResponse.decode(answer), value);
    assert.throws(
      () => expectAnswer(resultBytes(errorOutcome('OBJECT_EXISTS', 'it is there')), 'delete'),
      { reason: 'OBJECT_EXISTS', message: 'it is there' },
    );
  });

  it('are INTERNAL when they answer another question, none, or make no sense', () => {
    const value = { deletedRevision: 'r' };
    for (const bytes of [
      resultBytes({ $case: 'delete', value }),
      resultBytes(undefined),
      Buffer.from([0x2a, 0x7f]),
    ]) {
      assert.throws(() => expectAnswer(bytes, 'head'), { code: 13 });
    }
  });

  it('are looked into only as far as to find UNAVAILABLE', () => {
    const draining = readUnavailable(resultBytes(errorOutcome('SHUTTING_DOWN', 'it ends')));
    assert.equal(draining?.reason, 'SHUTTING_DOWN');
    assert.equal(readUnavailable(resultBytes(errorOutcome('OBJECT_NOT_FOUND', 'none'))), undefined);
    assert.equal(
      readUnavailable(resultBytes({ $case: 'head', value: { object: undefined } })),
      undefined,
    );
    assert.equal(readUnavailable(Buffer.from([0x12, 0x7f])), undefined);
  });

  it('that are errors of the gateway carry their status', () => {
    const status = Buffer.from([0x08, 14]);
    const { outcome } = object.BatchResult.decode(encodeErrorResult(status));
    assert.equal(outcome?.$case, 'error');
    assert.equal(outcome.value.code, 14);
  });

  it('speak of a single call as its contract does', () => {
    const batch = singleCallError(reasonError('INVALID_BATCH', 'cannot be read'));
    assert.equal(batch.reason, 'INVALID_STREAM');
    assert.equal(batch.violations[0]?.field, 'message');
    const checksum = singleCallError(invalidField('CONTENT_MISMATCH', 'crc32c', 'another one'));
    assert.deepEqual(checksum.violations, [{ field: 'finish.crc32c', description: 'another one' }]);
    const other = reasonError('OBJECT_EXISTS', 'there');
    assert.equal(singleCallError(other), other);
  });
});

describe('gateway get requests', () => {
  it('are pinned to a revision, over none, without being decoded', () => {
    const request = {
      objectId,
      range: { start: { $case: 'suffix', value: 3n }, last: undefined },
    } as const;
    const bytes = object.GetObjectRequest.encode({ ...request, ifRevision: undefined }).finish();
    assert.equal(asksForRevision(bytes), false);
    const pinned = withRevision(bytes, 'revision');
    assert.equal(asksForRevision(pinned), true);
    assert.deepEqual(object.GetObjectRequest.decode(pinned), {
      ...request,
      ifRevision: 'revision',
    });
  });
});
