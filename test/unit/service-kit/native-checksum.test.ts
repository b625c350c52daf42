import { nativeChecksum } from '@holdfast/service-kit';
import fc from 'fast-check';
import assert from 'node:assert/strict';

const encoder = new TextEncoder();

describe('the native checksum', () => {
  // The check value of the CRC catalogue, and the vectors of RFC 3720, B.4.
  const ascending = Uint8Array.from({ length: 32 }, (_, index) => index);
  const vectors = {
    'the digits 1 to 9': [encoder.encode('123456789'), 0xe306_9283],
    'no bytes': [new Uint8Array(0), 0],
    '32 zeros': [new Uint8Array(32), 0x8a91_36aa],
    '32 ones': [new Uint8Array(32).fill(0xff), 0x62a8_ab43],
    'ascending bytes': [ascending, 0x46dd_794e],
    'descending bytes': [ascending.toReversed(), 0x113f_db5c],
  } as const;
  for (const [what, [bytes, expected]] of Object.entries(vectors)) {
    it(`of ${what} is the CRC32C in the books`, () => {
      assert.equal(nativeChecksum.crc32c(bytes, 0), expected);
    });
  }

  it('goes on from the bytes before', () => {
    const pieces = fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 6 });
    fc.assert(
      fc.property(pieces, (chunks) => {
        let running = 0;
        for (const chunk of chunks) running = nativeChecksum.crc32c(chunk, running);
        assert.equal(running, nativeChecksum.crc32c(Buffer.concat(chunks), 0));
      }),
    );
  });

  it('reads exactly the bytes of a view', () => {
    const around = encoder.encode('xx123456789yy');
    assert.equal(nativeChecksum.crc32c(around.subarray(2, 11), 0), 0xe306_9283);
  });

  it('is that of the definition', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        assert.equal(nativeChecksum.crc32c(bytes, 0), crc32cByDefinition(bytes));
      }),
    );
  });
});

/** Bit by bit, with the reversed Castagnoli polynomial. */
function crc32cByDefinition(bytes: Uint8Array): number {
  let remainder = 0xffff_ffff;
  for (const byte of bytes) {
    remainder ^= byte;
    for (let bit = 0; bit < 8; bit += 1) {
      remainder = (remainder & 1) === 1 ? (remainder >>> 1) ^ 0x82f6_3b78 : remainder >>> 1;
    }
  }
  return (remainder ^ 0xffff_ffff) >>> 0;
}
