import assert from 'node:assert/strict';
import { status } from '@grpc/grpc-js';
import { object } from '@holdfast/contracts';
import {
  entryBytes,
  joinBatch,
  RpcError,
  splitBatchRequest,
  splitBatchResponse,
  type RawOperation,
} from '@holdfast/rpc';
import fc from 'fast-check';
import { bytesField, shuffled, unknownField, varint, varintField } from './fields.js';

const { BatchObjectsRequest, BatchObjectsResponse, BatchOperation, BatchResult } = object;

const index = fc.integer({ min: 0, max: 0xffff_ffff });
const small = fc.uint8Array({ maxLength: 200 });

const duration = fc.oneof(
  fc.record({
    seconds: fc.bigInt({ min: 0n, max: 315_576_000_000n }),
    nanos: fc.integer({ min: 0, max: 999_999_999 }),
  }),
  fc.record({
    seconds: fc.bigInt({ min: -315_576_000_000n, max: 0n }),
    nanos: fc.integer({ min: -999_999_999, max: 0 }),
  }),
);

/** One field of an operation. Repeated ones and unknown ones are allowed for. */
const operationField: fc.Arbitrary<Uint8Array> = fc.oneof(
  index.map((value) => varintField(1, value)),
  small.map((payload) => bytesField(2, bytesField(2, payload))),
  fc.constantFrom(3, 4, 5).map((field) => bytesField(field, new Uint8Array(0))),
  duration.map(({ seconds, nanos }) =>
    bytesField(
      10,
      Buffer.concat([
        varintField(1, BigInt.asUintN(64, seconds)),
        varintField(2, BigInt.asUintN(64, BigInt(nanos))),
      ]),
    ),
  ),
  fc.constant(bytesField(11, Buffer.from('request-1'))),
  unknownField,
);

const operation = fc.array(operationField, { maxLength: 8 }).map((parts) => Buffer.concat(parts));

const requestMessage = fc
  .array(
    fc.oneof(
      operation.map((bytes) => bytesField(1, bytes)),
      unknownField,
    ),
    { maxLength: 12 },
  )
  .map((parts) => Buffer.concat(parts));

const result = fc
  .tuple(index, small)
  .chain(([value, revision]) =>
    shuffled([varintField(1, value), bytesField(3, bytesField(2, revision)), varintField(90, 1)]),
  );

function expectedOperation({ index: number, operation: kind, timeout }: object.BatchOperation): {
  readonly index: number;
  readonly kind: RawOperation['kind'];
  readonly timeoutMs: number | undefined;
} {
  const timeoutMs =
    timeout === undefined
      ? undefined
      : Number(timeout.seconds) * 1_000 + Math.ceil(timeout.nanos / 1_000_000);
  return { index: number, kind: kind?.$case, timeoutMs };
}

describe('splitting a batch request', () => {
  it('finds what the generated decoder finds, whatever the order, repetition and unknown fields', () => {
    fc.assert(
      fc.property(requestMessage, (message) => {
        const { operations } = BatchObjectsRequest.decode(message);
        const split = splitBatchRequest(message);
        const found = split.map(({ index: number, kind, timeoutMs }) => ({
          index: number,
          kind,
          timeoutMs,
        }));
        assert.deepEqual(found, operations.map(expectedOperation));
        for (const [position, { bytes }] of split.entries()) {
          assert.deepEqual(BatchOperation.decode(bytes), operations[position]);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('answers views into the message', () => {
    const message = Buffer.from(
      BatchObjectsRequest.encode(
        BatchObjectsRequest.fromPartial({ operations: [{ index: 3 }] }),
      ).finish(),
    );
    const [only] = splitBatchRequest(message);
    assert.equal(only?.bytes.buffer, message.buffer);
  });

  it('reads an empty message as no operations', () => {
    assert.deepEqual(splitBatchRequest(new Uint8Array(0)), []);
  });

  it('takes 1,000 operations and refuses more', () => {
    const one = bytesField(1, varintField(1, 1));
    const thousand = Buffer.concat(Array.from({ length: 1_000 }, () => one));
    assert.equal(splitBatchRequest(thousand).length, 1_000);
    assert.throws(() => splitBatchRequest(Buffer.concat([thousand, one])), isInvalidBatch);
  });

  it('refuses every truncated message, and nothing else than with INVALID_BATCH', () => {
    fc.assert(
      fc.property(requestMessage, fc.nat(), (message, seed) => {
        const cut = message.subarray(0, message.length === 0 ? 0 : seed % message.length);
        onlyRpcErrors(() => splitBatchRequest(cut));
      }),
    );
    const whole = bytesField(1, varintField(1, 300));
    for (let length = 1; length < whole.length; length += 1) {
      assert.throws(() => splitBatchRequest(whole.subarray(0, length)), isInvalidBatch);
    }
  });

  it('never fails but with INVALID_BATCH on random bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        onlyRpcErrors(() => splitBatchRequest(bytes));
      }),
      { numRuns: 2_000 },
    );
  });

  it('refuses a field that reaches beyond its operation', () => {
    const operationBytes = Buffer.from([0x12, 0x7f]);
    const message = Buffer.concat([bytesField(1, operationBytes), Buffer.alloc(200)]);
    assert.throws(() => splitBatchRequest(message), isInvalidBatch);
  });

  it('refuses tags of field 0, varints without an end and groups without an end', () => {
    for (const bytes of [
      Buffer.from([0x00, 0x01]),
      Buffer.alloc(12, 0xff),
      Buffer.from([0x0b, 0x08]),
      Buffer.from([0x0c]),
      Buffer.from([0x0f]),
    ]) {
      assert.throws(() => splitBatchRequest(bytes), isInvalidBatch);
    }
  });

  it('does not overflow the stack on deeply nested groups', () => {
    const nested = Buffer.alloc(100_000, varint((2 << 3) | 3));
    assert.throws(() => splitBatchRequest(nested), isInvalidBatch);
  });
});

describe('joining a batch', () => {
  it('re-numbers operations without touching anything else', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(operation, index), { maxLength: 10 }), (entries) => {
        const list = entries.map(([bytes, number]) => ({ bytes, index: number }));
        const { operations } = BatchObjectsRequest.decode(joinBatch(list));
        const expected = list.map((entry) => ({
          ...BatchOperation.decode(entry.bytes),
          index: entry.index,
        }));
        assert.deepEqual(operations, expected);
      }),
      { numRuns: 300 },
    );
  });

  it('is undone by splitting', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(operation, index), { maxLength: 10 }), (entries) => {
        const list = entries.map(([bytes, number]) => ({ bytes, index: number }));
        const split = splitBatchRequest(joinBatch(list));
        assert.deepEqual(
          split.map((entry) => entry.index),
          list.map((entry) => entry.index),
        );
      }),
    );
  });

  it('tells beforehand how many bytes an entry takes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 20_000 }), index, (bytes, number) => {
        const entry = { bytes, index: number };
        assert.equal(joinBatch([entry]).length, entryBytes(entry));
      }),
    );
  });
});

describe('splitting a batch response', () => {
  it('finds the results the generated decoder finds', () => {
    fc.assert(
      fc.property(fc.array(result, { maxLength: 10 }), (list) => {
        const message = Buffer.concat(list.map((bytes) => bytesField(1, bytes)));
        const { results } = BatchObjectsResponse.decode(message);
        const split = splitBatchResponse(message);
        assert.deepEqual(
          split.map(({ bytes }) => BatchResult.decode(bytes)),
          results,
        );
        assert.deepEqual(
          split.map((entry) => entry.index),
          results.map((entry) => entry.index),
        );
      }),
    );
  });

  it('answers INTERNAL for what no server sends', () => {
    assert.throws(
      () => splitBatchResponse(Buffer.from([0x0a, 0x05, 0x08])),
      (error) => error instanceof RpcError && error.code === status.INTERNAL,
    );
  });
});

function isInvalidBatch(error: unknown): boolean {
  assert(error instanceof RpcError);
  assert.equal(error.code, status.INVALID_ARGUMENT);
  assert.equal(error.reason, 'INVALID_BATCH');
  assert.equal(error.violations[0]?.field, 'operations');
  return true;
}

function onlyRpcErrors(run: () => unknown): void {
  try {
    run();
  } catch (error) {
    isInvalidBatch(error);
  }
}
