import type { FoundObject } from '@holdfast/domain';
import assert from 'node:assert/strict';
import { collect, discard, inChunks, sampleBytes } from '../../support/engine/payloads.js';
import { idOf, useStore } from '../../support/engine/store-under-test.js';
import { openMemoryTiers } from '../../support/memory-tiers.js';

const id = idOf('opened');
const bytes = sampleBytes(1_000_000);

describe('A download', () => {
  const store = useStore(openMemoryTiers);

  beforeEach(async () => {
    await store().store(id, bytes, { payload: inChunks(bytes, 100_000) });
  });

  async function open(more: object = {}): Promise<FoundObject> {
    const got = await store().engine.getObject({ id, ...more });
    assert(got.kind === 'found');
    assert.equal(store().tiers.longTerm.openReaders(), 1);
    return got;
  }

  const ranges = [
    { name: 'the whole', more: {} },
    { name: 'a part', more: { range: { kind: 'slice', first: 1 } } },
  ];
  for (const { name, more } of ranges) {
    it(`lets go of its blob at its end: ${name}`, async () => {
      await collect((await open(more)).payload);
      assert.equal(store().tiers.longTerm.openReaders(), 0);
    });

    it(`lets go of its blob when its reader leaves in the middle: ${name}`, async () => {
      for await (const chunk of (await open(more)).payload) {
        assert(chunk.length > 0);
        break;
      }
      assert.equal(store().tiers.longTerm.openReaders(), 0);
    });

    it(`lets go of its blob when its reader leaves before the first byte: ${name}`, async () => {
      await discard((await open(more)).payload);
      assert.equal(store().tiers.longTerm.openReaders(), 0);
    });
  }

  it('lets go of a damaged blob', async () => {
    const [blob] = (await store().holdings()).blobs;
    store().tiers.longTerm.damage(blob ?? assert.fail(), 5);
    await assert.rejects(collect((await open()).payload), { code: 'CHECKSUM_MISMATCH' });
    assert.equal(store().tiers.longTerm.openReaders(), 0);
  });

  it('lets go of a blob that is not the one it asked for', async () => {
    const { longTerm } = store().tiers;
    await store().store(idOf('other'), bytes.subarray(1), { payload: inChunks(bytes.subarray(1)) });
    const [blob, other] = (await store().holdings()).blobs.toSorted();
    assert(blob !== undefined && other !== undefined);
    store().longTerm.hook('read', {
      instead: (asked, ...how) => longTerm.read(asked === blob ? other : blob, ...how),
    });
    await assert.rejects(store().engine.getObject({ id }), { code: 'CHECKSUM_MISMATCH' });
    assert.equal(longTerm.openReaders(), 0);
  });
});
