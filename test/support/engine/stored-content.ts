import {
  blobNameOf,
  changeIdOf,
  limits,
  manualExpiration,
  parseBlobName,
  type CallerMetadata,
  type ObjectMetadata,
} from '@holdfast/domain';
import { plain } from '@holdfast/testkit';
import assert from 'node:assert/strict';
import { inChunks, large, sampleBytes, small, sourceOf } from './payloads.js';
import { expiringAfter, idOf, useStore, type OpenTiers } from './store-under-test.js';

const inlineMax = limits.inlineThresholdBytes;
const fullMetadata: CallerMetadata = {
  contentType: 'text/plain; charset=utf-8',
  contentEncoding: 'zstd',
  expiration: { kind: 'ttl', ms: 60_000 },
  origin: 'an origin',
  fileName: 'Übung.txt',
  custom: new Map([
    ['colour', 'blue'],
    ['size', 'groß 🗄'],
  ]),
};
const nastyKeys = [
  'a/b',
  'objects',
  'a/objects/b',
  '/',
  'ends/',
  '.',
  '..',
  '../../x',
  'file.txt',
  '100%',
  '%2F',
  'with  spaces ',
  '🗄/ü',
  '\'"\\',
  '019aa52f-36b6-7000-8000-000000000000',
];

export function describeStoredContent(openTiers: OpenTiers): void {
  describe('what is not there', () => {
    const store = useStore(openTiers);
    const id = idOf('nothing');

    it('is not found when it is read', async () => {
      assert.deepEqual(await store().engine.getObject({ id }), { kind: 'not-found' });
    });

    it('is not found when it is described', async () => {
      assert.deepEqual(await store().engine.headObject(id), { kind: 'not-found' });
    });

    it('is deleted with success', async () => {
      assert.deepEqual(await store().engine.deleteObject({ id }), { kind: 'deleted' });
    });
  });

  describe('where a payload goes', () => {
    const store = useStore(openTiers, { inlineThresholdBytes: inlineMax });
    const id = idOf('sized');

    for (const size of [0, 1, inlineMax - 1, inlineMax]) {
      it(`stores ${size} bytes inline and leaves nothing in the long-term tier`, async () => {
        const bytes = sampleBytes(size);
        const metadata = await store().store(id, bytes, { payload: inChunks(bytes, 256 * 1024) });
        assert.equal(metadata.size, size);
        assert.equal((await store().tiers.highVolume.readHead(id)).kind, 'inline');
        assert.deepEqual(await store().holdings(), { blobs: [], changes: [] });
        assert.deepEqual(Buffer.from((await store().fetch(id)) ?? []), Buffer.from(bytes));
        assert.equal((await store().engine.headObject(id)).kind, 'found');
      });
    }

    for (const size of [inlineMax + 1, 5 * inlineMax + 13]) {
      it(`stores ${size} bytes as one blob at a revision of the key, and a tombstone`, async () => {
        const bytes = sampleBytes(size);
        const { revision } = await store().store(id, bytes, {
          payload: inChunks(bytes, 256 * 1024),
        });
        await store().atRest();
        const blob = blobNameOf(id, revision);
        const row = await store().tiers.highVolume.read(id);
        assert(row.kind === 'tombstone');
        assert.equal(row.blob, blob);
        assert.deepEqual(await store().holdings(), { blobs: [blob], changes: [] });
        assert.deepEqual(Buffer.from((await store().fetch(id)) ?? []), Buffer.from(bytes));
      });
    }

    it('keeps the bytes of many chunks in order, whose total decides', async () => {
      const bytes = sampleBytes(inlineMax + 100_000);
      await store().store(id, bytes, { payload: inChunks(bytes, 4_001) });
      assert.equal((await store().tiers.highVolume.readHead(id)).kind, 'tombstone');
      assert.deepEqual(Buffer.from((await store().fetch(id)) ?? []), Buffer.from(bytes));
    });

    it('reads no more than the threshold and one chunk before the change has begun', async () => {
      const chunk = 10_000;
      const source = sourceOf(sampleBytes(3 * inlineMax), { chunk });
      let read: number | undefined;
      store().highVolume.hook('begin', { before: () => void (read = source.handedOut()) });
      await store().store(id, new Uint8Array(), { payload: source.payload });
      assert(read !== undefined && read > inlineMax && read <= inlineMax + chunk, `read ${read}`);
    });
  });

  describe('what is stored beside a payload', () => {
    const store = useStore(openTiers);
    const id = idOf('described');

    it('puts the expiration of its object into the tombstone', async () => {
      const { timeExpires } = await store().store(id, large(), expiringAfter(90_000));
      const row = await store().tiers.highVolume.readHead(id);
      assert(row.kind === 'tombstone');
      assert.equal(row.metadata.timeExpires, timeExpires);
      assert.equal(row.metadata.timeExpires, store().clock.now() + 90_000);
    });

    it('carries the full metadata in both tiers', async () => {
      const stored = await store().store(id, large(), { metadata: fullMetadata });
      assertDescribes(stored, store().clock.now(), large());
      const row = await store().tiers.highVolume.readHead(id);
      const blob = await store().tiers.longTerm.head(blobNameOf(id, stored.revision));
      assert(row.kind === 'tombstone' && blob.kind === 'found');
      assert.deepEqual(plain(row.metadata), plain(stored));
      assert.deepEqual(plain(blob.metadata), plain(stored));
    });

    it('carries the full metadata inline', async () => {
      const stored = await store().store(id, small(), { metadata: fullMetadata });
      assertDescribes(stored, store().clock.now(), small());
      const head = await store().engine.headObject(id);
      const got = await store().engine.getObject({ id });
      assert(head.kind === 'found' && got.kind === 'found');
      assert.deepEqual(plain(head.metadata), plain(stored));
      assert.deepEqual(plain(got.metadata), plain(stored));
    });

    it('follows a tombstone to whatever blob it names', async () => {
      const other = idOf('the blob is named after this one');
      const metadata = await store().store(other, large(7));
      const changeId = changeIdOf(metadata.revision);
      const { highVolume } = store().tiers;
      await highVolume.begin(id, changeId);
      const blob = blobNameOf(other, metadata.revision);
      await highVolume.commit(id, changeId, { kind: 'tombstone', metadata, blob });
      assert.deepEqual(await store().fetch(id), Buffer.from(large(7)));
    });

    it('gives every write a revision of its own, which names its blob', async () => {
      const revisions = new Set<string>();
      const blobs: string[] = [];
      for (const key of [...nastyKeys, ...nastyKeys]) {
        const { revision } = await store().store(idOf(key), large());
        revisions.add(revision);
        blobs.push(blobNameOf(idOf(key), revision));
      }
      assert.equal(revisions.size, 2 * nastyKeys.length);
      const held = await store().holdings();
      assert.deepEqual(held.blobs, blobs.toSorted());
    });

    for (const [index, key] of nastyKeys.entries()) {
      it(`names the blob of key ${JSON.stringify(key)} so that its identity reads back`, async () => {
        const { revision } = await store().store(idOf(key), large(index));
        const [blob = ''] = (await store().holdings()).blobs;
        assert.deepEqual(parseBlobName(blob), { id: idOf(key), revision });
        assert.deepEqual(await store().fetch(idOf(key)), Buffer.from(large(index)));
      });
    }
  });
}

function assertDescribes(stored: ObjectMetadata, now: number, bytes: Uint8Array): void {
  for (const [name, value] of Object.entries(fullMetadata)) {
    assert.deepEqual(stored[name as keyof ObjectMetadata], value, name);
  }
  assert.notDeepEqual(stored.expiration, manualExpiration);
  assert.equal(stored.timeCreated, now);
  assert.equal(stored.timeExpires, now + 60_000);
  assert.equal(stored.size, bytes.length);
}
