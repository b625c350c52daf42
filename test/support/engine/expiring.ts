import { blobNameOf, type BlobName } from '@holdfast/domain';
import assert from 'node:assert/strict';
import { large, small } from './payloads.js';
import { arrange, assertReads, presentOf } from './situations.js';
import {
  expiringAfter,
  idOf,
  useStore,
  type OpenTiers,
  type StoreUnderTest,
} from './store-under-test.js';

const id = idOf('mortal');
const ttlMs = 60_000;
const context = { usecase: id.usecase, scopes: id.scopes };
const bytesOf = { small: small(1), large: large(1) } as const;
const sizes = ['small', 'large'] as const;

export function describeExpiring(openTiers: OpenTiers): void {
  const store = useStore(openTiers);

  async function listed(): Promise<number> {
    return (await store().engine.listObjects(context)).objects.length;
  }

  for (const size of sizes) {
    describe(`a ${size} object with an expiry`, () => {
      it('is there until the millisecond before its expiry, and absent from then on', async () => {
        await store().store(id, bytesOf[size], expiringAfter(ttlMs));
        store().clock.advance(ttlMs - 1);
        await assertReads(store(), id, size, 1);
        assert.equal((await store().engine.headObject(id)).kind, 'found');
        assert.equal(await listed(), 1);

        store().clock.advance(1);
        assert.deepEqual(await store().engine.getObject({ id }), { kind: 'not-found' });
        assert.deepEqual(await store().engine.headObject(id), { kind: 'not-found' });
        assert.equal(await listed(), 0);
        assert.deepEqual(store().events, []);
      });

      it('is absent to conditions at the instant of its expiry, and not before', async () => {
        const { revision } = await store().store(id, bytesOf[size], expiringAfter(ttlMs));
        const ifAbsent = { kind: 'if-absent' } as const;
        const ifRevision = { kind: 'if-revision', revision } as const;
        store().clock.advance(ttlMs - 1);
        const early = await store().put(id, small(2), { condition: ifAbsent });
        assert.equal(early.kind, 'precondition-failed');
        store().clock.advance(1);
        const late = await store().put(id, small(2), { condition: ifRevision });
        assert.deepEqual(late, {
          kind: 'precondition-failed',
          reason: 'REVISION_MISMATCH',
          current: undefined,
        });
        assert.equal((await store().put(id, small(2), { condition: ifAbsent })).kind, 'stored');
      });

      for (const over of ['nothing', ...sizes] as const) {
        it(`gives way to ${over} after it, and leaves no blob`, async () => {
          await expired(store(), bytesOf[size]);
          const blob = await arrange(store(), id, over, 2);
          await assertReads(store(), id, over, 2);
          await store().cleanUp();
          await assertReads(store(), id, over, 2);
          assert.deepEqual(await store().holdings(), { blobs: presentOf(blob), changes: [] });
        });
      }

      it('is not brought back by the clock being set back after it was overwritten', async () => {
        const before = store().clock.now();
        await expired(store(), bytesOf[size]);
        await arrange(store(), id, 'nothing');
        store().clock.set(before);
        await assertReads(store(), id, 'nothing');
      });
    });
  }

  it('the long-term tier has the same expiry as the row', async () => {
    const { timeExpires } = await store().store(id, large(1), expiringAfter(ttlMs));
    const row = await store().tiers.highVolume.readHead(id);
    assert(row.kind === 'tombstone');
    const blob = await store().tiers.longTerm.head(row.blob);
    assert(blob.kind === 'found');
    assert.deepEqual(
      [row.metadata.timeExpires, blob.metadata.timeExpires],
      [timeExpires, timeExpires],
    );
  });

  it('a blob that an expired row still names is no orphan', async () => {
    const blobs = presentOf(await expired(store(), large(1)));
    store().clock.advance(100 * 86_400_000);
    const report = await store().engine.reclaimOrphans({ examinedMax: 10 });
    assert.deepEqual([report.examined, report.freed], [1, []]);
    assert.deepEqual((await store().holdings()).blobs, blobs);
  });
}

/** Leaves a row whose time is over, and answers the blob that it would name if it was large. */
async function expired(store: StoreUnderTest, bytes: Uint8Array): Promise<BlobName> {
  const { revision } = await store.store(id, bytes, expiringAfter(ttlMs));
  store.clock.advance(ttlMs);
  return blobNameOf(id, revision);
}
