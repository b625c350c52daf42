import type { ObjectMetadata, Timestamp } from '@holdfast/domain';
import { nativeChecksum as checksum } from '@holdfast/service-kit';
import * as fc from 'fast-check';
import assert from 'node:assert/strict';
import { createBlobSamples } from '../../../packages/testkit/src/contracts/blob-samples.js';
import {
  encodeExpirySlot,
  expirySlotOffsets,
  spareSlotOffset,
} from '../../../packages/tier-filesystem/src/expiry-slots.js';
import {
  currentMetadata,
  decodeHeader,
  encodeHeader,
  type BlobHeader,
} from '../../../packages/tier-filesystem/src/header-codec.js';

const start = 1_800_000_000_000;
const newSample = createBlobSamples();

function newHeader(): Uint8Array {
  const { name, metadata } = newSample({ timeExpires: start as Timestamp });
  const sized: ObjectMetadata = { ...metadata, size: 1, crc32c: 1 };
  return encodeHeader(name, sized, checksum);
}

function decode(bytes: Uint8Array): BlobHeader {
  return decodeHeader(bytes, checksum, 'here');
}

function expiryIn(bytes: Uint8Array): number | undefined {
  return currentMetadata(decode(bytes)).timeExpires;
}

/** What `extend` does to a file; answers where. */
function extend(bytes: Uint8Array, time: number): number {
  const header = decode(bytes);
  const offset = spareSlotOffset(header.expirySlots);
  bytes.set(encodeExpirySlot(time as Timestamp, header.crc32c, checksum), offset);
  return offset;
}

describe('the expiry slots of a blob file', () => {
  it('keep the latest of any number of extensions', () => {
    const bytes = newHeader();
    for (let step = 1; step <= 20; step += 1) {
      extend(bytes, start + step);
      assert.equal(expiryIn(bytes), start + step);
    }
  });

  it('keep the expiry before, wherever the write of a new one is torn', () => {
    const steps = fc.integer({ min: 1, max: 6 });
    fc.assert(
      fc.property(steps, fc.integer({ min: 0, max: 15 }), (count, torn) => {
        const bytes = newHeader();
        for (let step = 1; step <= count; step += 1) extend(bytes, start + step * 1_000_000);
        const before = new Uint8Array(bytes);
        const offset = extend(bytes, start + 0x55_5555_5555);
        bytes.set(before.subarray(offset + torn, offset + 16), offset + torn);
        // The last four bytes never change: a write torn there is a whole one.
        const whole = torn >= 12 ? start + 0x55_5555_5555 : start + count * 1_000_000;
        assert.equal(expiryIn(bytes), whole);
      }),
    );
  });

  it('are seen to be damaged when any byte of one is changed, and the rest is still read', () => {
    const bytes = newHeader();
    const offset = extend(bytes, start + 5);
    const slot = expirySlotOffsets.findIndex((other) => other === offset);
    for (let at = offset; at < offset + 16; at += 1) {
      const changed = new Uint8Array(bytes);
      changed[at] = (changed[at] ?? 0) ^ 0x10;
      assert.deepEqual(decode(changed).expirySlots[slot], { kind: 'damaged' }, `byte ${at}`);
      assert.equal(expiryIn(changed), start);
    }
  });

  it('of another file are not believed', () => {
    const other = newHeader();
    const offset = extend(other, start + 5);
    const bytes = newHeader();
    bytes.set(other.subarray(offset, offset + 16), offset);
    assert.equal(expiryIn(bytes), start);
  });
});
