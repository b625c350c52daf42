import { openPayload } from '@holdfast/domain';
import assert from 'node:assert/strict';
import { sampleBytes, watchPayload } from '../../../packages/testkit/src/contracts/blob-samples.js';

const ended = async (): Promise<IteratorResult<Uint8Array>> => ({ done: true, value: undefined });

describe('a payload under way', () => {
  it('is told once that nothing more is wanted of it', async () => {
    const watched = watchPayload([sampleBytes(1), sampleBytes(1)], ended);
    const source = openPayload(watched.payload);
    await source.pull();
    await source.end();
    await source.end();
    assert.equal(watched.returns(), 1);
  });

  it('is told nothing once it has ended', async () => {
    const watched = watchPayload([], ended);
    const source = openPayload(watched.payload);
    assert.equal(await source.pull(), undefined);
    await source.end();
    assert.equal(watched.returns(), 0);
  });

  it('is told nothing once it has failed, and is known by its error', async () => {
    const thrown = new Error('gone');
    const watched = watchPayload([], () => Promise.reject(thrown));
    const source = openPayload(watched.payload);
    assert.equal(source.threw(undefined), false);
    await assert.rejects(source.pull(), thrown);
    await source.end();
    assert.equal(watched.returns(), 0);
    assert.equal(source.threw(thrown), true);
    assert.equal(source.threw(new Error('gone')), false);
  });

  it('may be unable to end tidily', async () => {
    const iterator = { next: ended, return: () => Promise.reject(new Error('stuck')) };
    await openPayload({ [Symbol.asyncIterator]: () => iterator }).end();
  });
});
