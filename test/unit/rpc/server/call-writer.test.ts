import { reasonError } from '@holdfast/rpc';
import assert from 'node:assert/strict';
import { CallWriter } from '../../../../packages/rpc/src/server/call-writer.js';

describe('the writer of a call', () => {
  let sending: { readonly message: string; readonly sent: () => void }[];
  let writer: CallWriter<string>;
  beforeEach(() => {
    sending = [];
    writer = new CallWriter((message, sent) => {
      if (message === '') throw new Error('cannot be encoded');
      sending.push({ message, sent });
    });
  });

  /** Whether a promise has settled by now. */
  async function hasSettled(promise: Promise<void>): Promise<boolean> {
    let settled = false;
    const settle = (): void => {
      settled = true;
    };
    promise.then(settle, settle);
    await new Promise((resolve) => setImmediate(resolve));
    return settled;
  }

  it('goes on at once after the first message, and waits after the second', async () => {
    assert.equal(await hasSettled(writer.write('a')), true);
    const second = writer.write('b');
    assert.equal(await hasSettled(second), false);
    sending[0]?.sent();
    await second;
    assert.equal(sending.length, 2);
    assert.equal(writer.sentCount, 1);
  });

  it('is flushed when the last message has left', async () => {
    await writer.flushed();
    await writer.write('a');
    const flushed = writer.flushed();
    assert.equal(await hasSettled(flushed), false);
    assert.equal(writer.waiting, true);
    sending[0]?.sent();
    await flushed;
    assert.equal(writer.waiting, false);
  });

  it('refuses to hold a third message', async () => {
    await writer.write('a');
    const second = writer.write('b');
    await assert.rejects(writer.write('c'), /one at a time/);
    assert.equal(sending.length, 2);
    sending[0]?.sent();
    await second;
  });

  it('wakes who waits when the call fails, and refuses what comes later', async () => {
    await writer.write('a');
    const second = writer.write('b');
    const failure = reasonError('CANCELLED', 'gone');
    writer.failed(failure);
    await assert.rejects(second, failure);
    await assert.rejects(writer.write('c'), failure);
    await assert.rejects(writer.flushed(), failure);
    assert.equal(sending.length, 2);
  });

  it('takes no message after the end of the call', async () => {
    writer.ended();
    await assert.rejects(writer.write('a'), /over/);
  });

  it('rejects what cannot be encoded, and holds nothing of it', async () => {
    await assert.rejects(writer.write(''), /cannot be encoded/);
    assert.equal(writer.waiting, false);
    await writer.flushed();
  });
});
