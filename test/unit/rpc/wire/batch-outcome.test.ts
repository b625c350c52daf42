import assert from 'node:assert/strict';
import { status } from '@grpc/grpc-js';
import { object } from '@holdfast/contracts';
import { parseBatchResult, RpcError, splitGetResult } from '@holdfast/rpc';
import fc from 'fast-check';
import { bytesField, shuffled, unknownField, varintField } from './fields.js';

const { BatchGetResult, BatchResult, GetObjectHeader } = object;

const info = bytesField(1, bytesField(3, Buffer.from('01890a5d-ac96-774b-bcce-b302099a8057')));
const span = bytesField(2, varintField(2, 5));

describe('a batch result', () => {
  it('is taken apart into the outcome the generated decoder finds', () => {
    const outcomes = [2, 3, 4, 5, 6].map((field) => bytesField(field, new Uint8Array(0)));
    fc.assert(
      fc.property(
        fc
          .tuple(fc.subarray(outcomes, { minLength: 1 }), unknownField)
          .chain(([some, other]) => shuffled([...some, varintField(1, 9), other])),
        (bytes) => {
          assert.equal(parseBatchResult(bytes).kind, BatchResult.decode(bytes).outcome?.$case);
        },
      ),
    );
  });

  it('without an outcome, or cut off, is INTERNAL', () => {
    for (const bytes of [varintField(1, 4), Buffer.from([0x22, 0x09, 0x01])]) {
      assert.throws(
        () => parseBatchResult(bytes),
        (error) => error instanceof RpcError && error.code === status.INTERNAL,
      );
    }
  });
});

describe('a get result', () => {
  it('without its payload is a GetObjectHeader, byte for byte', () => {
    const payload = Buffer.from('hello');
    const bytes = BatchGetResult.encode(
      BatchGetResult.fromPartial({
        object: { revision: 'r', size: 5n },
        span: { offset: 0n, length: 5n },
        payload,
      }),
    ).finish();
    const { header, payload: found } = splitGetResult(bytes);
    const { object: described, span: where } = BatchGetResult.decode(bytes);
    assert.deepEqual(
      Buffer.from(header),
      Buffer.from(GetObjectHeader.encode({ object: described, span: where }).finish()),
    );
    assert.deepEqual(Buffer.from(found ?? []), payload);
    assert.equal(header.buffer, bytes.buffer);
  });

  it('tells an empty payload from a missing one', () => {
    const empty = Buffer.concat([info, span, bytesField(3, new Uint8Array(0))]);
    assert.equal(splitGetResult(empty).payload?.length, 0);
    assert.equal(splitGetResult(Buffer.concat([info, span])).payload, undefined);
  });

  it('is taken apart whatever the order of its fields', () => {
    fc.assert(
      fc.property(
        fc
          .tuple(fc.uint8Array({ maxLength: 50 }), unknownField)
          .chain(([payload, other]) => shuffled([info, span, bytesField(3, payload), other])),
        (bytes) => {
          const decoded = BatchGetResult.decode(bytes);
          const { header, payload } = splitGetResult(bytes);
          assert.deepEqual(GetObjectHeader.decode(header), {
            object: decoded.object,
            span: decoded.span,
          });
          assert.deepEqual(payload, decoded.payload);
        },
      ),
    );
  });
});
