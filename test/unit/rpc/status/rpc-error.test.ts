import assert from 'node:assert/strict';
import { status } from '@grpc/grpc-js';
import { DomainError, invalid, type ErrorDetail, type Revision } from '@holdfast/domain';
import {
  fenced,
  invalidField,
  isRetryable,
  objectNotFound,
  preconditionFailed,
  RpcError,
  rpcError,
  toRpcError,
} from '@holdfast/rpc';

const revision = '01890a5d-ac96-774b-bcce-b302099a8057' as Revision;

const faults: readonly (readonly [ErrorDetail, status])[] = [
  [{ code: 'RANGE_NOT_SATISFIABLE', size: 7 }, status.OUT_OF_RANGE],
  [{ code: 'CONTENT_MISMATCH', field: 'finish.size', why: 'w' }, status.INVALID_ARGUMENT],
  [{ code: 'PAYLOAD_TOO_LARGE', field: 'chunk', bytesMax: 9 }, status.INVALID_ARGUMENT],
  [{ code: 'CHECKSUM_MISMATCH', what: 'blob', why: 'w' }, status.DATA_LOSS],
  [{ code: 'UNREADABLE', what: 'row', why: 'w' }, status.INTERNAL],
  [{ code: 'OUTCOME_UNKNOWN' }, status.UNAVAILABLE],
  [{ code: 'TIER_UNAVAILABLE', tier: 't', why: 'EIO /data/rows' }, status.UNAVAILABLE],
  [{ code: 'STORAGE_FULL', tier: 't' }, status.RESOURCE_EXHAUSTED],
  [{ code: 'CANCELLED' }, status.CANCELLED],
  [{ code: 'SHUTTING_DOWN' }, status.UNAVAILABLE],
];

describe('the RpcError of a fault of the domain', () => {
  it('has the code of the table and the reason of the domain', () => {
    for (const [detail, code] of faults) {
      const fault = new DomainError(detail);
      const error = toRpcError(fault);
      assert.equal(error.code, code, detail.code);
      assert.equal(error.reason, detail.code);
      assert.equal(error.cause, fault);
    }
  });

  it('names the field that is wrong, what was given and what is allowed', () => {
    const error = toRpcError(invalid('INVALID_PAGE', 'page_size', 1_001, 'at most 1,000'));
    assert.equal(error.code, status.INVALID_ARGUMENT);
    assert.deepEqual(error.violations, [
      { field: 'page_size', description: 'at most 1,000; given 1001' },
    ]);
  });

  it('carries the size of a payload whose range was missed', () => {
    const error = toRpcError(new DomainError({ code: 'RANGE_NOT_SATISFIABLE', size: 7 }));
    assert.deepEqual(error.info, { size: '7' });
  });

  it('keeps what stores say about themselves to itself', () => {
    for (const [detail] of faults.slice(3)) {
      assert.doesNotMatch(toRpcError(new DomainError(detail)).message, /data|blob|EIO|row/);
    }
  });
});

describe('toRpcError', () => {
  it('hands on an RpcError as it is', () => {
    const error = rpcError(status.ABORTED, 'WRITE_FENCED', 'm');
    assert.equal(toRpcError(error), error);
  });

  it('makes anything else INTERNAL without its text, and keeps it as the cause', () => {
    const secret = new Error('password is hunter2');
    for (const thrown of [secret, 'hunter2', undefined]) {
      const error = toRpcError(thrown);
      assert.equal(error.code, status.INTERNAL);
      assert.equal(error.reason, undefined);
      assert.doesNotMatch(error.message, /hunter2/);
    }
    assert.equal(toRpcError(secret).cause, secret);
  });
});

describe('the RpcErrors of outcomes', () => {
  it('carry the revision that is there, where an object is', () => {
    const exists = preconditionFailed({
      kind: 'precondition-failed',
      reason: 'OBJECT_EXISTS',
      current: revision,
    });
    assert.equal(exists.code, status.FAILED_PRECONDITION);
    assert.equal(exists.reason, 'OBJECT_EXISTS');
    assert.deepEqual(exists.info, { revision });
    const mismatch = preconditionFailed({
      kind: 'precondition-failed',
      reason: 'REVISION_MISMATCH',
      current: undefined,
    });
    assert.deepEqual(mismatch.info, {});
  });

  it('say what the contract says', () => {
    assert.equal(fenced().code, status.ABORTED);
    assert.equal(fenced().reason, 'WRITE_FENCED');
    assert.equal(objectNotFound().code, status.NOT_FOUND);
    assert.equal(objectNotFound().reason, 'OBJECT_NOT_FOUND');
    const field = invalidField('INVALID_RANGE', 'range.last', 'less than first');
    assert.equal(field.code, status.INVALID_ARGUMENT);
    assert.deepEqual(field.violations, [{ field: 'range.last', description: 'less than first' }]);
  });
});

describe('an RpcError', () => {
  it('may be repeated on ABORTED, UNAVAILABLE, and RESOURCE_EXHAUSTED with a delay', () => {
    const retryable = [status.ABORTED, status.UNAVAILABLE];
    for (const code of Object.values(status)) {
      if (typeof code === 'string') continue;
      assert.equal(isRetryable(rpcError(code, undefined, 'm')), retryable.includes(code));
    }
    const busy = rpcError(status.RESOURCE_EXHAUSTED, 'AT_CAPACITY', 'm', { retryAfterMs: 50 });
    assert.equal(isRetryable(busy), true);
  });

  it('has a message that fits a header, cut between characters', () => {
    const error = new RpcError(status.INTERNAL, undefined, '😀'.repeat(1_000));
    assert(error.message.length <= 512);
    assert(error.message.isWellFormed());
  });

  it('has a message of one line, whatever a peer put into it', () => {
    const error = new RpcError(status.INTERNAL, undefined, 'a\r\n\u001b[2Jb\u009bc');
    assert.equal(error.message, 'a [2Jb c');
  });
});
