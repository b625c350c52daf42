import { limits, type Payload } from '@holdfast/domain';
import assert from 'node:assert/strict';
import { collect, inChunks, sampleBytes } from '../../support/engine/payloads.js';
import { idOf, plainMetadata, useStore } from '../../support/engine/store-under-test.js';
import { openMemoryTiers } from '../../support/memory-tiers.js';

const id = idOf('crumbs');
const { gatherBufferBytes, gatheredChunksMax, inlineThresholdBytes } = limits;

/** Chunks that are held for the payload's first bytes, however small they came. */
const piecesMax = gatheredChunksMax + Math.ceil(inlineThresholdBytes / gatherBufferBytes) + 1;

describe('A payload of very many tiny chunks', () => {
  const store = useStore(openMemoryTiers, { inlineThresholdBytes });

  it('of one byte each is stored inline in order', async () => {
    const bytes = sampleBytes(inlineThresholdBytes);
    await store().store(id, bytes, { payload: inChunks(bytes, 1) });
    assert.equal((await store().tiers.highVolume.readHead(id)).kind, 'inline');
    assert.deepEqual(await store().fetch(id), Buffer.from(bytes));
  });

  it('is held in a few pieces while it is not known to be large', async () => {
    const bytes = sampleBytes(inlineThresholdBytes + 1);
    let pieces = 0;
    let copied = Buffer.alloc(0);
    const { longTerm } = store().tiers;
    store().longTerm.hook('create', {
      instead: async (name, metadata, payload) => {
        const chunks: Uint8Array[] = [];
        for await (const chunk of payload) chunks.push(chunk);
        pieces = chunks.length;
        copied = Buffer.concat(chunks);
        return longTerm.create(name, metadata, inChunks(copied));
      },
    });
    await store().store(id, bytes, { payload: inChunks(bytes, 1) });
    assert.deepEqual(copied, Buffer.from(bytes));
    assert(pieces <= piecesMax, `${pieces} pieces`);
  });

  it('keeps its order when tiny, large and empty chunks alternate', async () => {
    const bytes = sampleBytes(inlineThresholdBytes + 300_000);
    async function* mixed(): Payload {
      let at = 0;
      for (let turn = 0; at < bytes.length; turn += 1) {
        const size = [1, 0, 3, 100, 7_000, 2, gatherBufferBytes + 1][turn % 7] ?? 1;
        yield bytes.slice(at, at + size);
        at += size;
      }
    }
    for (const threshold of [inlineThresholdBytes, 2 * inlineThresholdBytes]) {
      const engine = store().anotherEngine({ inlineThresholdBytes: threshold });
      await engine.putObject({ id, metadata: plainMetadata, payload: mixed() });
      const got = await engine.getObject({ id });
      assert(got.kind === 'found');
      assert.deepEqual(await collect(got.payload), Buffer.from(bytes));
    }
  });

  it('is read to its end and no further', async () => {
    const source = inChunks(sampleBytes(10), 1)[Symbol.asyncIterator]();
    let asked = 0;
    let ended = false;
    const payload: Payload = {
      [Symbol.asyncIterator]: () => ({
        async next() {
          assert.equal(ended, false, 'nobody asks after the end');
          asked += 1;
          const next = await source.next();
          ended = next.done === true;
          return next;
        },
      }),
    };
    await store().store(id, new Uint8Array(), { payload });
    assert.equal(asked, 11);
  });
});
