import type { ByteRange, FoundObject } from '@holdfast/domain';
import assert from 'node:assert/strict';
import { collect, large, small } from './payloads.js';
import { idOf, useStore, type OpenTiers, type StoreUnderTest } from './store-under-test.js';

const id = idOf('parts');
const kinds = [
  { name: 'a small', bytes: small() },
  { name: 'a large', bytes: large() },
] as const;

/** `range` of an object of `size` bytes, and the span it should be. */
function samples(size: number): readonly (readonly [string, ByteRange, number, number])[] {
  return [
    ['the whole', { kind: 'slice', first: 0 }, 0, size],
    ['the whole, spelled out', { kind: 'slice', first: 0, last: size - 1 }, 0, size],
    ['a slice', { kind: 'slice', first: 10, last: 49 }, 10, 40],
    ['a slice to the end', { kind: 'slice', first: 60 }, 60, size - 60],
    ['a slice that ends beyond', { kind: 'slice', first: 60, last: size + 9 }, 60, size - 60],
    ['a suffix', { kind: 'suffix', length: 33 }, size - 33, 33],
    ['a suffix longer than all', { kind: 'suffix', length: size + 1 }, 0, size],
    ['the first byte', { kind: 'slice', first: 0, last: 0 }, 0, 1],
    ['a single byte', { kind: 'slice', first: 42, last: 42 }, 42, 1],
    ['the last byte', { kind: 'slice', first: size - 1 }, size - 1, 1],
  ];
}

export function describeRanges(openTiers: OpenTiers): void {
  const store = useStore(openTiers);

  describe('a range', () => {
    for (const { name, bytes } of kinds) {
      for (const [what, range, offset, length] of samples(bytes.length)) {
        it(`is read exactly: ${what} of ${name} object`, async () => {
          const metadata = await store().store(id, bytes);
          const got = await find(store(), range);
          assert.deepEqual(got.span, { offset, length });
          assert.equal(got.metadata.size, metadata.size);
          const expected = Buffer.from(bytes.subarray(offset, offset + length));
          assert.deepEqual(await collect(got.payload), expected);
        });
      }

      it(`outside of ${name} object is refused with the object's size`, async () => {
        await store().store(id, bytes);
        const range = { kind: 'slice', first: bytes.length } as const;
        await assert.rejects(store().engine.getObject({ id, range }), {
          detail: { code: 'RANGE_NOT_SATISFIABLE', size: bytes.length },
        });
      });
    }

    it('of an empty object is never satisfiable, but the object can be read', async () => {
      await store().store(id, new Uint8Array());
      for (const range of [
        { kind: 'slice', first: 0 },
        { kind: 'suffix', length: 5 },
      ] as const) {
        await assert.rejects(store().engine.getObject({ id, range }), {
          detail: { code: 'RANGE_NOT_SATISFIABLE', size: 0 },
        });
      }
      assert.deepEqual(await store().fetch(id), Buffer.alloc(0));
    });

    it('that makes no sense is refused before anything is read', async () => {
      let reads = 0;
      store().highVolume.hook('read', { before: () => void (reads += 1) });
      for (const range of [
        { kind: 'slice', first: -1 },
        { kind: 'slice', first: 5, last: 4 },
        { kind: 'slice', first: 0.5 },
        { kind: 'suffix', length: 0 },
      ] as const) {
        await assert.rejects(store().engine.getObject({ id, range }), { code: 'INVALID_RANGE' });
      }
      assert.equal(reads, 0);
    });

    it('of a large object transfers only what was asked for', async () => {
      await store().store(id, large());
      const spans: unknown[] = [];
      store().longTerm.hook('read', { before: (_, span) => void spans.push(span) });
      await collect((await find(store(), { kind: 'slice', first: 7, last: 9 })).payload);
      assert.deepEqual(spans, [{ offset: 7, length: 3 }]);
    });
  });

  describe('reading one revision', () => {
    for (const { name, bytes } of kinds) {
      it(`answers it while it is there, and refuses when it was replaced: ${name} object`, async () => {
        const { revision: ifRevision } = await store().store(id, bytes);
        const got = await store().engine.getObject({ id, ifRevision });
        assert(got.kind === 'found');
        assert.deepEqual(await collect(got.payload), Buffer.from(bytes));
        const { revision: current } = await store().store(id, bytes);
        assert.deepEqual(await store().engine.getObject({ id, ifRevision }), {
          kind: 'precondition-failed',
          reason: 'REVISION_MISMATCH',
          current,
        });
      });
    }

    it('finds nothing where nothing is', async () => {
      const { revision: ifRevision } = await store().store(id, small());
      await store().engine.deleteObject({ id });
      const got = await store().engine.getObject({ id, ifRevision });
      assert.deepEqual(got, { kind: 'not-found' });
    });
  });
}

async function find(store: StoreUnderTest, range: ByteRange): Promise<FoundObject> {
  const got = await store.engine.getObject({ id, range });
  assert(got.kind === 'found');
  return got;
}
