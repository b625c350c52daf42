import { decodeRowHead, encodeRowHead, type StoredHead } from '@holdfast/domain';
import { createManualClock, createRowFixtures, plain } from '@holdfast/testkit';
import assert from 'node:assert/strict';
import { bitFlipsOf, isUnreadable, truncationsOf } from './damage.js';

describe('the codec of row heads', () => {
  const make = createRowFixtures(createManualClock());
  const id = make.id('caf\u00e9 \u{1f600}/objects/100%');
  const full = {
    ...make.expiringIn(1_000),
    contentEncoding: 'gzip',
    origin: 'here',
    fileName: 'r\u00e9sum\u00e9.pdf',
    custom: new Map([['name', '\u{1f600}']]),
  };
  const heads: Readonly<Record<string, StoredHead>> = {
    'an inline row': { kind: 'inline', metadata: make.metadata() },
    'an inline row with every field': { kind: 'inline', metadata: make.metadata(full) },
    'a tombstone': make.tombstone(id),
    'a tombstone with every field': make.tombstone(id, full),
  };

  for (const [name, head] of Object.entries(heads)) {
    it(`reads ${name} as it was written`, () => {
      assert.deepEqual(plain(decodeRowHead(encodeRowHead(head), id.path)), plain(head));
    });

    it(`finds ${name} unreadable at whatever byte it is cut off`, () => {
      for (const bytes of truncationsOf(encodeRowHead(head))) {
        assert.throws(() => decodeRowHead(bytes, id.path), isUnreadable, `${bytes.length} bytes`);
      }
    });

    it(`finds ${name} unreadable with any bit of its formats or its kind flipped`, () => {
      const bytes = encodeRowHead(head);
      const metadataOffset = head.kind === 'inline' ? 2 : 4 + Buffer.byteLength(head.blob);
      for (const offset of [0, 1, metadataOffset]) {
        for (const damaged of bitFlipsOf(bytes, offset)) {
          assert.throws(() => decodeRowHead(damaged, id.path), isUnreadable);
        }
      }
    });

    it(`throws nothing but UNREADABLE for ${name} with any other bit flipped`, () => {
      const bytes = encodeRowHead(head);
      for (let offset = 0; offset < bytes.length; offset += 1) {
        for (const damaged of bitFlipsOf(bytes, offset)) {
          try {
            decodeRowHead(damaged, id.path);
          } catch (error) {
            assert.ok(isUnreadable(error), String(error));
          }
        }
      }
    });
  }

  it('names the row that it cannot read', () => {
    assert.throws(
      () => decodeRowHead(Buffer.of(9), id.path),
      (error: Error) => error.message.includes(id.path),
    );
  });

  it('finds a tombstone unreadable that names something other than a blob', () => {
    const head = make.tombstone(id);
    const bytes = Buffer.from(encodeRowHead(head));
    bytes.write('X', 4 + Buffer.byteLength(head.blob) - 1);
    assert.throws(() => decodeRowHead(bytes, id.path), isUnreadable);
  });
});
