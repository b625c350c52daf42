import { limits, utf8Length, type ObjectMetadata } from '@holdfast/domain';
import assert from 'node:assert/strict';
import { plain } from './row-fixtures.js';
import type { OpenHighVolumeTier } from './tier-under-test.js';
import { useSharedTier } from './use-tier.js';

const keys = [
  'plain',
  'objects',
  'objects/objects',
  '/',
  'a/b/c',
  'trailing/',
  'a//b',
  '.',
  '..',
  '../../etc/passwd',
  'per%20cent%',
  'with spaces ',
  ' ',
  'CASE',
  'case',
  'caf\u00e9',
  'cafe\u0301',
  '\u{1f600}',
  '\ue000',
  '\uffff',
] as const;

export function describeStoredContent(open: OpenHighVolumeTier): void {
  describe('stored content', () => {
    const current = useSharedTier(open);

    for (const size of [0, 1, 4_096, limits.inlineThresholdBytes]) {
      it(`gives back a payload of ${size} bytes as it was`, async () => {
        const { tier, make } = current.get();
        const id = make.id();
        const payload = Uint8Array.from({ length: size }, (_, at) => (at * 31 + (at >> 8)) & 0xff);
        await tier.putInline(id, { ...make.inline('', { size }), payload });
        const row = await tier.read(id);
        assert.ok(row.kind === 'inline');
        assert.equal(Buffer.compare(row.payload, payload), 0);
      });
    }

    it('hands out bytes that are the caller\u2019s own', async () => {
      const { tier, make } = current.get();
      const [small, large] = [make.id(), make.id()];
      // A Buffer, whose `slice` is a view and no copy.
      const payload = Buffer.alloc(200_000, 7);
      await tier.putInline(small, make.inline('untouched'));
      await tier.putInline(large, { ...make.inline('', { size: payload.length }), payload });
      for (const id of [small, large]) {
        const first = await tier.read(id);
        assert.ok(first.kind === 'inline');
        const before = Uint8Array.from(first.payload);
        const second = await tier.read(id);
        first.payload.fill(0xff);
        assert.ok(second.kind === 'inline');
        assert.equal(Buffer.compare(second.payload, before), 0);
        const third = await tier.read(id);
        assert.ok(third.kind === 'inline');
        assert.equal(Buffer.compare(third.payload, before), 0);
      }
    });

    it('keeps bytes it handed out as they were while other rows are read and written', async () => {
      const { tier, make } = current.get();
      const ids = Array.from({ length: 20 }, () => make.id());
      for (const [index, id] of ids.entries())
        await tier.putInline(id, make.inline(`row ${index}`));
      const rows = await Promise.all(ids.map((id) => tier.read(id)));
      for (const id of ids) await tier.putInline(id, make.inline('overwritten'));
      for (const [index, row] of rows.entries()) {
        assert.ok(row.kind === 'inline');
        assert.equal(new TextDecoder().decode(row.payload), `row ${index}`);
      }
    });

    it('shows a head without payload', async () => {
      const { tier, make } = current.get();
      const id = make.id();
      await tier.putInline(id, make.inline('payload'));
      assert.equal('payload' in (await tier.readHead(id)), false);
    });

    it('round trips every field of the metadata, in both kinds of row', async () => {
      const { tier, make } = current.get();
      for (const fields of fullMetadata(current)) {
        const [inline, large] = [make.id(), make.id()];
        const row = make.inline('payload', fields);
        const tombstone = make.tombstone(large, fields);
        const changeId = make.changeId();
        await tier.putInline(inline, row);
        await tier.begin(large, changeId);
        await tier.commit(large, changeId, tombstone);
        assert.deepEqual(plain(await tier.read(inline)), plain(row));
        assert.deepEqual(plain(await tier.read(large)), plain(tombstone));
        assert.deepEqual(plain(await tier.readHead(large)), plain(tombstone));
        const { payload: _, ...head } = row;
        assert.deepEqual(plain(await tier.readHead(inline)), plain(head));
      }
    });

    for (const key of keys) {
      it(`keeps the key ${JSON.stringify(key)} apart from all others`, async () => {
        const { tier, make } = current.get();
        const ids = keys.map((name) => make.id(name, `keys-${keys.indexOf(key)}`));
        for (const id of ids) await tier.putInline(id, make.inline(`content of ${id.key}`));
        const id = make.id(key, `keys-${keys.indexOf(key)}`);
        assert.equal(await tier.deleteInline(id), 'deleted');
        for (const other of ids) {
          const row = await tier.read(other);
          assert.equal(row.kind, other.key === key ? 'absent' : 'inline', other.key);
          if (row.kind !== 'inline') continue;
          assert.equal(new TextDecoder().decode(row.payload), `content of ${other.key}`);
        }
      });
    }

    it('takes a storage path of as many bytes as are allowed', async () => {
      const { tier, make } = current.get();
      const room = limits.storagePathBytesMax - utf8Length(make.id('x').path) + 1;
      for (const filler of ['x', '\u{1f600}']) {
        const count = Math.floor(room / utf8Length(filler));
        const key = filler.repeat(count) + '.'.repeat(room - count * utf8Length(filler));
        const id = make.id(key);
        assert.equal(utf8Length(id.path), limits.storagePathBytesMax);
        const changeId = make.changeId();
        await tier.begin(id, changeId);
        await tier.commit(id, changeId, make.tombstone(id));
        assert.equal((await tier.read(id)).kind, 'tombstone');
      }
    });
  });
}

function fullMetadata(current: ReturnType<typeof useSharedTier>): Partial<ObjectMetadata>[] {
  const { make } = current.get();
  const texts = {
    contentEncoding: 'gzip',
    origin: '192.0.2.1',
    fileName: 'r\u00e9sum\u00e9 \u{1f600}.pdf',
  };
  const pairs = Array.from({ length: limits.customPairsMax }, (_, index) => index);
  return [
    {},
    { ...texts, contentType: 'application/pdf; charset=utf-8', ...make.expiringIn(60_000) },
    { ...make.expiringIn(60_000), expiration: { kind: 'tti', ms: 60_000 } },
    { crc32c: 0xffff_ffff, size: 0, conditional: true },
    { crc32c: 0x8000_0001, size: limits.objectBytesMax },
    {
      custom: new Map([
        ['empty', ''],
        ['unicode', '\u{1f600}\uffff'],
      ]),
    },
    { custom: new Map(pairs.map((index) => [`name-${index}`, 'v'.repeat(100)])), ...texts },
  ];
}
