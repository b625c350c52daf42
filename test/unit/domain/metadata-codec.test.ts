import {
  decodeMetadata,
  encodeMetadata,
  formatRevision,
  hasCode,
  limits,
  manualExpiration,
  noCustomPairs,
  type ObjectMetadata,
  type Timestamp,
} from '@holdfast/domain';
import fc from 'fast-check';
import assert from 'node:assert/strict';
import { anyMetadata } from './arbitraries.js';

const plainMetadata: ObjectMetadata = {
  contentType: 'text/plain',
  expiration: manualExpiration,
  custom: noCustomPairs,
  revision: formatRevision(0x0195_c5e0_0000 as Timestamp, 1, new Uint8Array(8).fill(7)),
  timeCreated: 0x0195_c5e0_0000 as Timestamp,
  size: 5,
  crc32c: 0xdeadbeef,
};

describe('encoded metadata', () => {
  it('is what it was when it is decoded', () => {
    fc.assert(
      fc.property(anyMetadata, (metadata) => {
        assert.deepEqual(decodeMetadata(encodeMetadata(metadata)), metadata);
      }),
      { numRuns: 1_000 },
    );
  });

  it('keeps its bytes from version to version', () => {
    const fixed = '01000001deadbeef0000000000000005';
    const encoded = Buffer.from(encodeMetadata(plainMetadata)).toString('hex');
    assert.equal(encoded.slice(0, 32), fixed);
    assert.equal(encoded.slice(32, 48), '00000195c5e00000');
    assert.equal(encoded.slice(48, 80), '0'.repeat(32));
    assert.equal(encoded.slice(80, 112), '0195c5e0000070018707070707070707');
    assert.equal(encoded.slice(112), `01000a${Buffer.from('text/plain').toString('hex')}`);
  });

  it('keeps names that objects have by nature', () => {
    const custom = new Map([
      ['__proto__', 'a'],
      ['constructor', 'b'],
      ['hasOwnProperty', ''],
    ]);
    const decoded = decodeMetadata(encodeMetadata({ ...plainMetadata, custom }));
    assert.deepEqual([...decoded.custom], [...custom]);
    assert.equal(Object.getPrototypeOf(decoded), Object.prototype);
  });

  it('holds the largest of everything', () => {
    const largest: ObjectMetadata = {
      contentType: 'a'.repeat(limits.contentTypeBytesMax),
      contentEncoding: 'a'.repeat(limits.contentEncodingBytesMax),
      origin: 'é'.repeat(127),
      fileName: '€'.repeat(85),
      custom: new Map([['n'.repeat(128), 'v'.repeat(limits.customBytesMax - 128)]]),
      expiration: { kind: 'tti', ms: limits.expirationMsMax },
      revision: plainMetadata.revision,
      conditional: true,
      timeCreated: Number.MAX_SAFE_INTEGER as Timestamp,
      timeExpires: Number.MAX_SAFE_INTEGER as Timestamp,
      size: Number.MAX_SAFE_INTEGER,
      crc32c: 0xffff_ffff,
    };
    assert.deepEqual(decodeMetadata(encodeMetadata(largest)), largest);
  });

  it('keeps a leading byte order mark of a text', () => {
    const metadata = { ...plainMetadata, fileName: '\ufeffa' };
    assert.equal(decodeMetadata(encodeMetadata(metadata)).fileName, '\ufeffa');
  });

  it('can be decoded in the middle of other bytes', () => {
    const encoded = encodeMetadata(plainMetadata);
    const around = new Uint8Array(encoded.length + 20).fill(0xff);
    around.set(encoded, 7);
    const within = around.subarray(7, 7 + encoded.length);
    assert.deepEqual(decodeMetadata(within), plainMetadata);
  });
});

describe('damaged metadata', () => {
  it('is unreadable wherever it is cut off', () => {
    fc.assert(
      fc.property(anyMetadata, (metadata) => {
        const bytes = encodeMetadata(metadata);
        for (let length = 0; length < bytes.length; length += 1) {
          assertUnreadable(() => decodeMetadata(bytes.subarray(0, length)));
        }
      }),
      { numRuns: 50 },
    );
  });

  it('is unreadable with a byte more', () => {
    assertUnreadable(() => decodeMetadata(Uint8Array.of(...encodeMetadata(plainMetadata), 0)));
  });

  it('is unreadable or what some metadata looks like, wherever bits flip', () => {
    const flips = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 })), {
      minLength: 1,
      maxLength: 4,
    });
    fc.assert(
      fc.property(anyMetadata, flips, (metadata, places) => {
        const bytes = encodeMetadata(metadata);
        for (const [at, bits] of places)
          bytes[at % bytes.length] = (bytes[at % bytes.length] ?? 0) ^ bits;
        assertExactOrUnreadable(bytes);
      }),
      { numRuns: 5_000 },
    );
  });

  it('is unreadable or exact when it is not ours at all', () => {
    const foreign = fc.uint8Array({ minLength: 0, maxLength: 120 });
    fc.assert(
      fc.property(foreign, fc.boolean(), (bytes, ofOurFormat) => {
        if (ofOurFormat && bytes.length > 0) bytes[0] = 1;
        assertExactOrUnreadable(bytes);
      }),
      { numRuns: 5_000 },
    );
  });

  const texts = { name: [5, 0, 1, 0x6e], value: [6, 0, 1, 0x76], type: [1, 0, 1, 0x74] } as const;
  const impossible = {
    'no content type': [],
    'two content types': [texts.type, texts.type],
    'texts out of order': [texts.name, texts.value, texts.type],
    'a custom name without a value': [texts.type, texts.name],
    'a custom value without a name': [texts.type, texts.value],
    'two names in a row': [texts.type, texts.name, texts.name, texts.value],
    'one custom name twice': [texts.type, texts.name, texts.value, texts.name, texts.value],
    'a field of no known tag': [texts.type, [7, 0, 1, 0x78]],
    'an overlong encoding': [texts.type, [4, 0, 2, 0xc0, 0xaf]],
  } as const;
  for (const [what, fields] of Object.entries(impossible)) {
    it(`is unreadable with ${what}`, () => {
      assertUnreadable(() => decodeMetadata(withFields(fields)));
    });
  }

  it('is readable again with the fields in place', () => {
    const bytes = withFields([texts.type, texts.name, texts.value]);
    assert.deepEqual(decodeMetadata(bytes), {
      ...plainMetadata,
      contentType: 't',
      custom: new Map([['n', 'v']]),
    });
  });

  const wrongNumbers = {
    'a format of the future': [0, 2],
    'an expiration of no known kind': [1, 3],
    'a flag of the future': [2, 2],
    'a duration without a policy': [39, 1],
    'a size of more than can be counted': [8, 0x80],
    'a creation of more than can be counted': [16, 0x80],
    'an expiry of more than can be counted': [24, 0x80],
    'a duration of more than can be counted': [32, 0x80],
    'a revision of another version': [46, 0x40],
  } as const;
  for (const [what, [at, byte]] of Object.entries(wrongNumbers)) {
    it(`is unreadable with ${what}`, () => {
      const bytes = encodeMetadata(plainMetadata);
      bytes[at] = byte;
      assertUnreadable(() => decodeMetadata(bytes));
    });
  }
});

function withFields(fields: readonly (readonly number[])[]): Uint8Array {
  const bytes = Uint8Array.of(...encodeMetadata(plainMetadata).subarray(0, 56), ...fields.flat());
  bytes[3] = fields.length;
  return bytes;
}

/** What can be decoded is exactly what encoding makes of it: nothing in it is overlooked. */
function assertExactOrUnreadable(bytes: Uint8Array): void {
  let decoded: ObjectMetadata;
  try {
    decoded = decodeMetadata(bytes);
  } catch (error) {
    assert.ok(hasCode(error, 'UNREADABLE'), String(error));
    return;
  }
  assert.deepEqual([...encodeMetadata(decoded)], [...bytes]);
}

function assertUnreadable(act: () => unknown): void {
  assert.throws(act, (error) => hasCode(error, 'UNREADABLE'));
}
