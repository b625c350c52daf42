import { DomainError } from '@holdfast/domain';
import { nativeChecksum } from '@holdfast/service-kit';
import assert from 'node:assert/strict';
import { large, largeBytes, sampleBytes, small, sourceOf } from './payloads.js';
import { arrange, assertReads, presentOf, type Content } from './situations.js';
import { idOf, useStore, type OpenTiers } from './store-under-test.js';

const id = idOf('declared');
const payloads = [
  { size: 'small', bytes: small(2) },
  { size: 'large', bytes: large(2) },
] as const;

export function describeDeclaredContent(openTiers: OpenTiers): void {
  const store = useStore(openTiers);

  for (const { size, bytes } of payloads) {
    const crc32c = nativeChecksum.crc32c(bytes, 0);
    const lies = [
      { field: 'finish.size', said: { size: bytes.length + 1, crc32c } },
      { field: 'finish.size', said: { size: bytes.length - 1 } },
      { field: 'finish.crc32c', said: { size: bytes.length, crc32c: (crc32c ^ 1) >>> 0 } },
    ];

    describe(`what the sender of a ${size} payload says it has sent`, () => {
      for (const before of ['nothing', 'small', 'large'] satisfies Content[]) {
        it(`stores nothing over ${before} when it is wrong, and names the field`, async () => {
          const old = await arrange(store(), id, before, 1);
          for (const { field, said } of lies) {
            const putting = store().put(id, bytes, { expected: () => said });
            await assert.rejects(putting, (error: unknown) => {
              assert(error instanceof DomainError && error.detail.code === 'CONTENT_MISMATCH');
              assert.equal(error.detail.field, field);
              return true;
            });
          }
          await store().atRest();
          await assertReads(store(), id, before, 1);
          assert.deepEqual(await store().holdings(), { blobs: presentOf(old), changes: [] });
        });
      }

      it('is asked for once, after the last byte', async () => {
        const source = sourceOf(bytes);
        const asked: boolean[] = [];
        const expected = () => {
          asked.push(source.ended());
          return { size: bytes.length, crc32c };
        };
        const stored = await store().store(id, bytes, { payload: source.payload, expected });
        assert.equal(stored.crc32c, crc32c);
        assert.deepEqual(asked, [true]);
      });

      it('may be nothing', async () => {
        await store().store(id, bytes, { expected: () => ({}) });
        await assertReads(store(), id, size, 2);
      });
    });
  }

  describe('a payload that is larger than an object may be', () => {
    const limited = useStore(openTiers, { objectBytesMax: largeBytes });

    for (const size of [largeBytes - 1, largeBytes]) {
      it(`is not one of ${size} bytes where ${largeBytes} are allowed`, async () => {
        await limited().store(id, sampleBytes(size));
        assert.deepEqual(await limited().fetch(id), Buffer.from(sampleBytes(size)));
      });
    }

    for (const chunk of [1_000, largeBytes + 1]) {
      it(`is one of a byte more, in chunks of ${chunk}`, async () => {
        const { payload } = sourceOf(sampleBytes(largeBytes + 1), { chunk });
        await assert.rejects(limited().put(id, large(), { payload }), {
          detail: { code: 'PAYLOAD_TOO_LARGE', field: 'chunk', bytesMax: largeBytes },
        });
        await limited().atRest();
        await assertReads(limited(), id, 'nothing');
        assert.deepEqual(await limited().holdings(), { blobs: [], changes: [] });
      });
    }

    it('is refused while it arrives, and leaves nothing', async () => {
      const old = await arrange(limited(), id, 'large', 1);
      const source = sourceOf(new Uint8Array(4 * largeBytes));
      const putting = limited().put(id, large(), { payload: source.payload });
      await assert.rejects(putting, {
        detail: { code: 'PAYLOAD_TOO_LARGE', field: 'chunk', bytesMax: largeBytes },
      });
      assert.equal(source.ended(), true);
      assert(source.handedOut() < 2 * largeBytes, `${source.handedOut()} bytes were read`);
      await limited().atRest();
      await assertReads(limited(), id, 'large', 1);
      assert.deepEqual(await limited().holdings(), { blobs: presentOf(old), changes: [] });
    });
  });
}
