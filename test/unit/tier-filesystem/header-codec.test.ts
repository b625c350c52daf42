import { DomainError, later, type BlobName, type ObjectMetadata } from '@holdfast/domain';
import { nativeChecksum as checksum } from '@holdfast/service-kit';
import assert from 'node:assert/strict';
import {
  createBlobSamples,
  largestSample,
  type BlobSample,
} from '../../../packages/testkit/src/contracts/blob-samples.js';
import {
  decodeHeader,
  encodeHeader,
  headerLength,
  peekHeaderLength,
} from '../../../packages/tier-filesystem/src/header-codec.js';

interface SizedSample {
  readonly name: BlobName;
  readonly metadata: ObjectMetadata;
}

const where = 'blobs/abc/abcdef';
const newSample = createBlobSamples();

function sized({ name, metadata }: BlobSample): SizedSample {
  return { name, metadata: { ...metadata, size: 5_000_000_000, crc32c: 0xfedcba98 } };
}

function isRecognised(error: unknown): boolean {
  return (
    error instanceof DomainError &&
    (error.code === 'UNREADABLE' || error.code === 'CHECKSUM_MISMATCH')
  );
}

describe('the header of a blob file', () => {
  const plain = sized(newSample());
  const timeExpires = later(plain.metadata.timeCreated, 1000);
  const expiring = { ...plain, metadata: { ...plain.metadata, timeExpires } };
  const largest = sized(largestSample());

  for (const [what, { name, metadata }] of Object.entries({ plain, expiring, largest })) {
    it(`is decoded to what was encoded: ${what}`, () => {
      const bytes = encodeHeader(name, metadata, checksum);
      const header = decodeHeader(bytes, checksum, where);
      assert.equal(header.name, name);
      assert.deepEqual(header.metadata, metadata);
      assert.equal(header.headerBytes, bytes.length);
    });

    it(`leaves the payload aligned, where it was said to begin: ${what}`, () => {
      const bytes = encodeHeader(name, metadata, checksum);
      assert.equal(bytes.length % 4096, 0);
      assert.equal(headerLength(name, { ...metadata, size: 0, crc32c: 0 }), bytes.length);
      assert.equal(peekHeaderLength(bytes, where), bytes.length);
    });

    it(`is not believed when any byte of it is changed: ${what}`, () => {
      const bytes = encodeHeader(name, metadata, checksum);
      for (const at of bytes.keys()) {
        const changed = new Uint8Array(bytes);
        changed[at] = (changed[at] ?? 0) ^ (1 << (at % 8));
        const decode = (): unknown => decodeHeader(changed, checksum, where);
        assert.throws(decode, isRecognised, `byte ${at}`);
      }
    });
  }

  it('needs more than one page when the name and metadata are at their limits', () => {
    const bytes = encodeHeader(largest.name, largest.metadata, checksum);
    assert.equal(bytes.length, 3 * 4096);
  });

  it('is not believed when it is cut off anywhere', () => {
    const bytes = encodeHeader(largest.name, largest.metadata, checksum);
    for (let length = 0; length < bytes.length; length += 1) {
      const decode = (): unknown => decodeHeader(bytes.subarray(0, length), checksum, where);
      assert.throws(decode, isRecognised, `${length} bytes`);
    }
  });

  it('is followed by the payload, which it does not read', () => {
    const bytes = encodeHeader(plain.name, plain.metadata, checksum);
    const followed = Buffer.concat([bytes, Buffer.from('payload')]);
    assert.deepEqual(decodeHeader(followed, checksum, where).metadata, plain.metadata);
  });

  it('names its file when the metadata in it cannot be read', () => {
    const bytes = encodeHeader(plain.name, plain.metadata, checksum);
    const view = new DataView(bytes.buffer);
    const metadataOffset = 32 + Buffer.byteLength(plain.name);
    view.setUint8(metadataOffset, 9);
    view.setUint32(28, 0);
    view.setUint32(28, checksum.crc32c(bytes, 0));
    assert.throws(
      () => decodeHeader(bytes, checksum, where),
      (error) => isRecognised(error) && /abcdef.*metadata.*format 9/.test(String(error)),
    );
  });

  it('of another format is unreadable, and the error says which', () => {
    const bytes = encodeHeader(plain.name, plain.metadata, checksum);
    new DataView(bytes.buffer).setUint32(8, 7);
    assert.throws(
      () => decodeHeader(bytes, checksum, where),
      (error) => isRecognised(error) && /abcdef.*format 7/.test(String(error)),
    );
  });
});
