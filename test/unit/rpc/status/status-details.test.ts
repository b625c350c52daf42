import assert from 'node:assert/strict';
import { Metadata, status, type StatusObject } from '@grpc/grpc-js';
import { rpc } from '@holdfast/contracts';
import {
  fromServiceError,
  fromStatusBytes,
  reasonError,
  rpcError,
  statusBytes,
  type RpcError,
} from '@holdfast/rpc';
import fc from 'fast-check';

const trailer = 'grpc-status-details-bin';

/** A code is whatever a peer sends. */
function received(code: number, details: string, bytes?: Uint8Array): StatusObject {
  const metadata = new Metadata();
  if (bytes !== undefined) metadata.set(trailer, Buffer.from(bytes));
  return Object.assign({ code: status.OK, details, metadata }, { code });
}

function comparable(error: RpcError): object {
  const { code, reason, message, info, violations, retryAfterMs } = error;
  return { code, reason, message, info: { ...info }, violations, retryAfterMs };
}

const busy = reasonError('AT_CAPACITY', 'the server is busy', { retryAfterMs: 1_250 });
const wrong = rpcError(status.INVALID_ARGUMENT, 'INVALID_RANGE', 'range: wrong', {
  violations: [{ field: 'range.first', description: 'must not be negative' }],
  info: { size: '7' },
});

describe('error details', () => {
  it('arrive as they were sent, in a trailer or as a result', () => {
    for (const error of [busy, wrong, rpcError(status.NOT_FOUND, undefined, 'gone')]) {
      const bytes = statusBytes(error);
      assert.deepEqual(comparable(fromStatusBytes(bytes)), comparable(error));
      const there = fromServiceError(received(error.code, error.message, bytes));
      assert.deepEqual(comparable(there), comparable(error));
    }
  });

  it('are google.rpc messages that any client can read', () => {
    const decoded = rpc.Status.decode(statusBytes(wrong));
    assert.deepEqual(
      decoded.details.map(({ typeUrl }) => typeUrl),
      ['type.googleapis.com/google.rpc.ErrorInfo', 'type.googleapis.com/google.rpc.BadRequest'],
    );
    const [info] = decoded.details;
    assert.equal(rpc.ErrorInfo.decode(info?.value ?? new Uint8Array(0)).domain, 'holdfast');
  });

  it('are passed on as the bytes they came in, unknown ones included', () => {
    const bytes = rpc.Status.encode({
      code: status.ABORTED,
      message: 'm',
      details: [{ typeUrl: 'type.googleapis.com/other.Detail', value: Buffer.from([1, 2]) }],
    }).finish();
    assert.deepEqual(statusBytes(fromStatusBytes(bytes)), Buffer.from(bytes));
    const there = fromServiceError(received(status.ABORTED, 'm', bytes));
    assert.deepEqual(statusBytes(there), Buffer.from(bytes));
  });

  it('fit into 4 KiB however much there is to say', () => {
    const text = 'ж'.repeat(10_000);
    const violations = Array.from({ length: 100 }, () => ({ field: text, description: text }));
    const info = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`${i}${text}`, text]));
    const error = rpcError(status.INVALID_ARGUMENT, 'INVALID_METADATA', text, { violations, info });
    const bytes = statusBytes(error);
    assert(bytes.length <= 4_096, `${bytes.length} bytes`);
    assert.equal(fromStatusBytes(bytes).reason, 'INVALID_METADATA');
  });
});

describe('received error details', () => {
  it('are left out when they are malformed, and the status itself stands', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const error = fromServiceError(received(status.NOT_FOUND, 'gone', bytes));
        assert.equal(error.code, status.NOT_FOUND);
        assert.equal(error.message, 'gone');
        assert.doesNotThrow(() => fromStatusBytes(bytes));
      }),
      { numRuns: 1_000 },
    );
  });

  it('do not count when they are of another code, of another domain or too large', () => {
    const other = fromServiceError(received(status.INTERNAL, 'm', statusBytes(busy)));
    assert.equal(other.reason, undefined);
    const foreign = rpc.Status.encode({
      code: status.ABORTED,
      message: 'm',
      details: [
        {
          typeUrl: 'type.googleapis.com/google.rpc.ErrorInfo',
          value: rpc.ErrorInfo.encode({
            reason: 'WRITE_FENCED',
            domain: 'x',
            metadata: {},
          }).finish(),
        },
      ],
    }).finish();
    assert.equal(fromStatusBytes(foreign).reason, undefined);
    const large = Buffer.concat([statusBytes(busy), Buffer.alloc(10_000)]);
    assert.equal(fromServiceError(received(busy.code, 'm', large)).retryAfterMs, undefined);
  });

  it('give no reason that is not spelled as one', () => {
    const error = rpcError(status.ABORTED, 'drop table\n', 'm');
    assert.equal(fromStatusBytes(statusBytes(error)).reason, undefined);
  });

  it('give no delay that makes no sense', () => {
    for (const [seconds, expected] of [
      [-5n, 0],
      [10n ** 15n, 3_600_000],
    ] as const) {
      const value = rpc.RetryInfo.encode({ retryDelay: { seconds, nanos: 0 } }).finish();
      const bytes = rpc.Status.encode({
        code: status.RESOURCE_EXHAUSTED,
        message: 'm',
        details: [{ typeUrl: 'type.googleapis.com/google.rpc.RetryInfo', value }],
      }).finish();
      assert.equal(fromStatusBytes(bytes).retryAfterMs, expected);
    }
  });

  it('with a code that is none, or OK, are UNKNOWN', () => {
    for (const code of [0, 17, -1]) {
      const bytes = rpc.Status.encode({ code, message: 'm', details: [] }).finish();
      assert.equal(fromStatusBytes(bytes).code, status.UNKNOWN);
      assert.equal(fromServiceError(received(code, 'm')).code, status.UNKNOWN);
    }
    assert.equal(fromServiceError(received(Number.NaN, 'm')).code, status.UNKNOWN);
  });
});
