import { hasCode, later, type BlobMetadata, type Timestamp } from '@holdfast/domain';
import assert from 'node:assert/strict';
import {
  createBlobSamples,
  largestSample,
} from '../../../packages/testkit/src/contracts/blob-samples.js';
import {
  decodeBlob,
  encodeBlob,
  expiryChange,
  footerBytesOf,
  isOfWrite,
  mediaType,
  shapeOf,
} from '../../../packages/tier-gcs/src/blob-codec.js';
import type { ObjectResource } from '../../../packages/tier-gcs/src/object-resource.js';

const size = 1234;
const crc32c = 0xfedc_ba98;
const expires = 1_800_000_000_000 as Timestamp;

interface StoredBlob {
  readonly resource: ObjectResource;
  readonly footer: Uint8Array;
}

function stored(name: string, metadata: BlobMetadata): StoredBlob {
  const encoded = encodeBlob(metadata, 'this write');
  const footer = encoded.footer(size, crc32c);
  const { contentType, customTime } = encoded;
  const resource = {
    name,
    contentType,
    metadata: encoded.metadata,
    size: size + footer.length,
    // Of a footed object it covers the footer as well.
    crc32c: footer.length > 0 ? 1 : crc32c,
    generation: '7',
    metageneration: '1',
    customTime,
  };
  return { resource, footer };
}

describe('how a blob is an object of Cloud Storage', () => {
  const newSample = createBlobSamples();
  const plain = newSample();
  const expiring = newSample({ timeExpires: expires, expiration: { kind: 'ttl', ms: 5000 } });
  const largest = largestSample();

  for (const [what, { name, metadata }] of Object.entries({ plain, expiring, largest })) {
    it(`reads back as what was written: ${what}`, () => {
      const { resource, footer } = stored(name, metadata);
      assert.deepEqual(decodeBlob(resource, footer), { ...metadata, size, crc32c });
      const { timeCreated } = metadata;
      assert.deepEqual(shapeOf(resource), { size, timeCreated, footerBytes: footer.length });
      assert.equal(footer.length > 0, what === 'largest');
      assert.ok(isOfWrite(resource, 'this write'));
      assert.ok(!isOfWrite(resource, 'another'));
    });
  }

  it('keeps within what custom metadata may have, to the last byte', () => {
    for (let length = 0; length <= 8192; length += 64) {
      const custom = new Map([['name', 'x'.repeat(length)]]);
      const { metadata } = stored(plain.name, { ...expiring.metadata, custom }).resource;
      const bytes = Object.entries(metadata).reduce((sum, pair) => sum + pair.join('').length, 0);
      assert.ok(bytes <= 8192);
    }
  });

  it('knows its content types and no others', () => {
    assert.equal(footerBytesOf(mediaType), 0);
    assert.equal(footerBytesOf(`${mediaType}; footer=9000`), 9000);
    const foreign = ['', 'text/plain', `${mediaType};footer=1`, `${mediaType}; footer=0`];
    const odd = [`${mediaType}; footer=99999`, `${mediaType}; footer=-1`, `${mediaType}x`];
    for (const text of [undefined, ...foreign, ...odd])
      assert.equal(footerBytesOf(text), undefined);
  });

  it('is read from nothing else', () => {
    const { resource } = stored(expiring.name, expiring.metadata);
    const { metadata } = resource;
    const wrong: readonly Partial<ObjectResource>[] = [
      { contentType: 'text/plain' },
      { contentEncoding: 'gzip' },
      { contentType: `${mediaType}; footer=65000` },
      { metadata: {} },
      { metadata: { ...metadata, holdfast: '' } },
      { metadata: { ...metadata, holdfast: 'AAAA' } },
      { metadata: { ...metadata, 'holdfast-created': 'soon' } },
      { metadata: { ...metadata, 'holdfast-expires': '-1' } },
      { metadata: { ...metadata, 'holdfast-expires': '01' } },
    ];
    for (const change of wrong) {
      assert.throws(
        () => decodeBlob({ ...resource, ...change }, new Uint8Array()),
        (error) => hasCode(error, 'UNREADABLE'),
        JSON.stringify(change),
      );
    }
    const footed = stored(largest.name, largest.metadata);
    assert.throws(
      () => decodeBlob({ ...footed.resource, size: footed.resource.size + 1 }, footed.footer),
      (error) => hasCode(error, 'UNREADABLE'),
    );
  });

  it('moves its expiry forward only, and none where there is none', () => {
    const { resource } = stored(expiring.name, expiring.metadata);
    assert.equal(expiryChange(resource, expires), undefined);
    assert.equal(expiryChange(stored(plain.name, plain.metadata).resource, expires), undefined);
    const dayMs = 24 * 3_600_000;
    const moved = expiryChange(resource, later(expires, 1));
    assert.deepEqual(moved?.metadata, { 'holdfast-expires': String(expires + 1) });
    assert.equal(Date.parse(moved?.customTime ?? ''), expires + 1 + dayMs);
  });

  it('never moves the time for the lifecycle rule backward, which the service refuses', () => {
    const { resource } = stored(expiring.name, expiring.metadata);
    const customTime = new Date(expires + 365 * 24 * 3_600_000).toISOString();
    const moved = expiryChange({ ...resource, customTime }, later(expires, 1));
    assert.equal(moved?.customTime, customTime);
  });

  it('has a time for the lifecycle rule that the service takes, however late it is', () => {
    const timeExpires = (2 ** 53 - 1) as Timestamp;
    const { customTime = '' } = stored(plain.name, { ...plain.metadata, timeExpires }).resource;
    assert.match(customTime, /^9999-/);
  });
});
