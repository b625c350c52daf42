import {
  limits,
  manualExpiration,
  noCustomPairs,
  parseCallerMetadata,
  type CallerMetadata,
} from '@holdfast/domain';
import assert from 'node:assert/strict';
import { assertRefused } from './invalid-input.js';

describe('the metadata of a caller', () => {
  it('may be little', () => {
    const metadata = metadataWith({});
    assert.deepEqual(parseCallerMetadata(metadata), metadata);
  });

  const asciiFields = {
    contentType: ['metadata.content_type', limits.contentTypeBytesMax, 255],
    contentEncoding: ['metadata.content_encoding', limits.contentEncodingBytesMax, 64],
  } as const;
  for (const [name, [field, max, promised]] of Object.entries(asciiFields)) {
    it(`has a ${field} of 1 to ${promised} visible ASCII characters`, () => {
      assert.equal(max, promised);
      for (const text of ['a', 'a b', '!~', 'a'.repeat(max - 1), 'a'.repeat(max)]) {
        parseCallerMetadata(metadataWith({ [name]: text }));
      }
      for (const text of [
        '',
        'a'.repeat(max + 1),
        ' a',
        'a ',
        'a  b',
        'a\tb',
        'a\n',
        'é',
        '\u007f',
      ]) {
        assertMetadataRefused({ [name]: text }, field);
      }
    });
  }

  const textFields = {
    origin: ['metadata.origin', limits.originBytesMax, 255],
    fileName: ['metadata.file_name', limits.fileNameBytesMax, 255],
  } as const;
  for (const [name, [field, max, promised]] of Object.entries(textFields)) {
    it(`has a ${field} of 1 to ${promised} bytes without control characters`, () => {
      assert.equal(max, promised);
      for (const text of [' ', '../é', 'a'.repeat(max - 1), 'a'.repeat(max), wide(max)]) {
        parseCallerMetadata(metadataWith({ [name]: text }));
      }
      for (const text of ['', 'a'.repeat(max + 1), wide(max + 1), 'a\u0000', '\u0085', '\ud800']) {
        assertMetadataRefused({ [name]: text }, field);
      }
    });
  }

  it('has an expiration that is checked too', () => {
    const expiration = { kind: 'ttl', ms: 999 } as const;
    assertRefused(
      () => parseCallerMetadata(metadataWith({ expiration })),
      'INVALID_EXPIRATION',
      'metadata.expiration.ttl',
    );
  });
});

describe('custom metadata', () => {
  it('is at most 64 pairs', () => {
    for (const count of [0, 63, 64]) parseCallerMetadata(metadataWith({ custom: pairs(count) }));
    assertMetadataRefused({ custom: pairs(65) }, 'metadata.custom');
  });

  it('has names of 1 to 128 characters', () => {
    for (const length of [1, 127, 128]) custom('n'.repeat(length), '');
    for (const length of [0, 129]) {
      assertMetadataRefused({ custom: new Map([['n'.repeat(length), '']]) }, 'metadata.custom');
    }
  });

  it('has names of letters, digits, dots, dashes and underscores', () => {
    for (const name of ['Az09', '.', '-', '_', '__proto__', 'constructor']) custom(name, 'v');
    for (const name of [' ', 'a b', 'é', 'a/b', 'a:b', 'a\n', '\u0000']) {
      assertMetadataRefused({ custom: new Map([[name, 'v']]) }, 'metadata.custom');
    }
  });

  it('has values without control characters, and the wrong one is named', () => {
    for (const value of ['', ' ', 'é', '😀', '"']) custom('n', value);
    for (const value of ['\u0000', 'a\nb', '\u0085', '\ud800']) {
      const both = new Map([
        ['right', 'v'],
        ['wrong', value],
      ]);
      assertMetadataRefused({ custom: both }, 'metadata.custom[wrong]');
    }
  });

  it('is at most 8 KiB of names and values together', () => {
    for (const bytes of [8191, 8192]) {
      custom('name', 'v'.repeat(bytes - 4));
      custom('name', wide(bytes - 4));
    }
    for (const value of ['v'.repeat(8189), wide(8189)]) {
      assertMetadataRefused({ custom: new Map([['name', value]]) }, 'metadata.custom');
    }
    const shared = new Map([
      ['a', 'v'.repeat(4095)],
      ['b', 'v'.repeat(4095)],
    ]);
    parseCallerMetadata(metadataWith({ custom: shared }));
    assertMetadataRefused({ custom: shared.set('c', '') }, 'metadata.custom');
  });
});

function metadataWith(some: Partial<CallerMetadata>): CallerMetadata {
  return {
    contentType: 'text/plain',
    expiration: manualExpiration,
    custom: noCustomPairs,
    ...some,
  };
}

function assertMetadataRefused(some: Partial<CallerMetadata>, field: string): void {
  assertRefused(() => parseCallerMetadata(metadataWith(some)), 'INVALID_METADATA', field);
}

function custom(name: string, value: string): void {
  parseCallerMetadata(metadataWith({ custom: new Map([[name, value]]) }));
}

function pairs(count: number): Map<string, string> {
  return new Map(Array.from({ length: count }, (_, index) => [`n${index}`, 'v']));
}

/** `bytes` bytes of UTF-8, most of them in characters of four. */
function wide(bytes: number): string {
  return '😀'.repeat(Math.floor(bytes / 4)) + 'a'.repeat(bytes % 4);
}
