import { reasonError } from '@holdfast/rpc';
import assert from 'node:assert/strict';
import { CallReader } from '../../../../packages/rpc/src/server/call-reader.js';

describe('the reader of a call', () => {
  let reads = 0;
  let reader: CallReader<string>;
  beforeEach(() => {
    reads = 0;
    const transport = { startRead: () => void (reads += 1) };
    reader = new CallReader(transport, (bytes) => {
      if (bytes.length === 0) throw reasonError('INVALID_STREAM', 'empty');
      return bytes.toString();
    });
  });

  it('asks the transport for a message only when somebody wants one', async () => {
    assert.equal(reads, 0);
    const next = reader.next();
    assert.equal(reads, 1);
    assert.equal(reader.waiting, true);
    reader.received(Buffer.from('a'));
    assert.deepEqual(await next, { done: false, value: 'a' });
    assert.equal(reader.waiting, false);
    assert.equal(reads, 1);
  });

  it('takes a message that the transport has at once', async () => {
    const eager = new CallReader(
      {
        startRead() {
          eager.received(Buffer.from('a'));
        },
      },
      (bytes): string => bytes.toString(),
    );
    assert.deepEqual(await eager.next(), { done: false, value: 'a' });
  });

  it('stays at its end, and does not ask the transport again', async () => {
    const next = reader.next();
    reader.ended();
    assert.equal((await next).done, true);
    assert.equal((await reader.next()).done, true);
    assert.equal(reads, 1);
  });

  it('stays failed, also where it had ended before', async () => {
    const next = reader.next();
    const failure = reasonError('CANCELLED', 'gone');
    reader.failed(failure);
    await assert.rejects(next, failure);
    reader.ended();
    await assert.rejects(reader.next(), failure);
  });

  it('fails with what a message that cannot be decoded is answered with', async () => {
    const next = reader.next();
    reader.received(Buffer.alloc(0));
    await assert.rejects(next, { reason: 'INVALID_STREAM' });
    await assert.rejects(reader.next(), { reason: 'INVALID_STREAM' });
  });

  it('is read by one at a time', async () => {
    const next = reader.next();
    await assert.rejects(reader.next(), /one at a time/);
    reader.received(Buffer.from('a'));
    assert.equal((await next).value, 'a');
  });
});
