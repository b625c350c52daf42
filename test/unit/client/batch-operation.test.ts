import { object } from '@holdfast/contracts';
import fc from 'fast-check';
import assert from 'node:assert/strict';
import { createOperationEncoder } from '../../../packages/client/src/batch-operation.js';

const header = object.PutObjectHeader.fromPartial({
  objectId: { usecase: 'photos', scopes: [{ name: 'org', value: '42' }], key: 'cat.jpg' },
  metadata: { contentType: 'image/jpeg' },
  condition: { condition: { $case: 'ifAbsent', value: true } },
});

describe('an operation of a batch', () => {
  const encoder = createOperationEncoder();
  const lengths = [0, 1, 100, 127, 128, 16_383, 16_384, 262_144, 2 ** 21 - 1, 2 ** 21];
  for (const length of lengths) {
    it(`with a payload of ${length} bytes reads as generated code would have written it`, () => {
      const payload = new Uint8Array(length).fill(7);
      const decoded = object.BatchOperation.decode(encoder.put(header, payload, 5, 1_500));
      assert.deepEqual(decoded.timeout, { seconds: 1n, nanos: 500_000_000 });
      assert.ok(decoded.operation?.$case === 'put');
      assert.deepEqual(decoded.operation.value.header, header);
      assert.equal(decoded.operation.value.crc32c, 5);
      assert.deepEqual(Buffer.from(decoded.operation.value.payload), Buffer.from(payload));
    });
  }

  it('keeps any payload', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 1_000 }), (payload) => {
        const decoded = object.BatchOperation.decode(encoder.put(header, payload, 0, 1));
        assert.ok(decoded.operation?.$case === 'put');
        assert.deepEqual(Buffer.from(decoded.operation.value.payload), Buffer.from(payload));
      }),
    );
  });

  it('without a payload says how long there is', () => {
    const { objectId } = header;
    const bytes = encoder.request({ $case: 'head', value: { objectId } }, 30_000);
    const { operation, timeout } = object.BatchOperation.decode(bytes);
    assert.deepEqual(operation?.$case === 'head' && operation.value.objectId, objectId);
    assert.deepEqual(timeout, { seconds: 30n, nanos: 0 });
  });
});
