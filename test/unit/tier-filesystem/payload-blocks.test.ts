import * as fc from 'fast-check';
import assert from 'node:assert/strict';
import { sampleBytes, watchPayload } from '../../../packages/testkit/src/contracts/blob-samples.js';
import { createBlocks } from '../../../packages/tier-filesystem/src/payload-blocks.js';
import { openPayload } from '@holdfast/domain';

const KiB = 1024;

function blocksOf(chunks: readonly Uint8Array[]): () => Promise<Uint8Array | undefined> {
  const { payload } = watchPayload(chunks, async () => ({ done: true, value: undefined }));
  return createBlocks(openPayload(payload));
}

async function drain(next: () => Promise<Uint8Array | undefined>): Promise<Uint8Array[]> {
  const blocks: Uint8Array[] = [];
  for (let block = await next(); block !== undefined; block = await next()) {
    blocks.push(new Uint8Array(block));
  }
  return blocks;
}

describe('the blocks that a payload is written in', () => {
  it('are the payload, in order and whole, however it is cut', async () => {
    const sizes = fc.array(fc.integer({ min: 0, max: 600 * KiB }), { maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(sizes, async (given) => {
        const chunks = given.map((size, at) => sampleBytes(size, at + 1));
        const blocks = await drain(blocksOf(chunks));
        assert.ok(Buffer.concat(blocks).equals(Buffer.concat(chunks)));
      }),
      { numRuns: 50 },
    );
  });

  it('are 256 KiB each when the chunks are small, and only the last is shorter', async () => {
    const chunks = Array.from({ length: 1000 }, () => sampleBytes(1000));
    const lengths = (await drain(blocksOf(chunks))).map(({ length }) => length);
    const full = 256 * KiB;
    assert.deepEqual(lengths, [full, full, full, 1_000_000 - 3 * full]);
  });

  it('are never larger than 1 MiB, however large a chunk is', async () => {
    const lengths = (await drain(blocksOf([sampleBytes(5000 * KiB)]))).map(({ length }) => length);
    assert.ok(lengths.every((length) => length <= 1024 * KiB));
    assert.equal(lengths.length, 5);
  });

  it('stay as they are while the next one is gathered', async () => {
    const chunks = Array.from({ length: 40 }, (_, at) => sampleBytes(100 * KiB, at + 1));
    const next = blocksOf(chunks);
    let writing = await next();
    for (;;) {
      const before = new Uint8Array(writing ?? []);
      const gathered = await next();
      assert.deepEqual(new Uint8Array(writing ?? []), before);
      if (gathered === undefined) break;
      writing = gathered;
    }
  });
});
