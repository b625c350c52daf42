import {
  blobNameOf,
  changeIdOf,
  DomainError,
  limits,
  parseObjectId,
  type BlobName,
  type StorageDescription,
} from '@holdfast/domain';
import { createCountingIds } from '@holdfast/testkit';
import assert from 'node:assert/strict';
import { createBlobSizes } from '../../../packages/domain/src/reclaim/blob-sizes.js';
import { failAll, failNext, holdNext } from '../../support/engine/hold.js';
import { inChunks, large, largeBytes } from '../../support/engine/payloads.js';
import { unavailable } from '../../support/engine/situations.js';
import { plainMetadata, useStore } from '../../support/engine/store-under-test.js';
import { openMemoryTiers } from '../../support/memory-tiers.js';

const headMs = 20;
const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('Counting what waits to be freed', () => {
  const store = useStore(openMemoryTiers);
  let ids: ReturnType<typeof createCountingIds>;
  beforeEach(() => {
    ids = createCountingIds(store().clock);
  });

  /** A change on the log of an object that is not there, whose two blobs nothing names. */
  async function leaveChange(usecase: string, blobs: 1 | 2 = 1) {
    const { clock, tiers } = store();
    const objectId = parseObjectId({ usecase, scopes: [], key: ids.revision() });
    const revisions = [ids.revision(), ids.revision()] as const;
    const newBlob = blobNameOf(objectId, revisions[0]);
    const oldBlob = blobs === 2 ? blobNameOf(objectId, revisions[1]) : undefined;
    const changeId = changeIdOf(revisions[0]);
    await tiers.changeLog.record({ changeId, objectId, newBlob, oldBlob, deadline: clock.now() });
    return { changeId, newBlob, oldBlob };
  }

  async function fill(blob: BlobName | undefined): Promise<void> {
    const revision = ids.revision();
    const metadata = { ...plainMetadata, revision, timeCreated: store().clock.now() };
    await store().tiers.longTerm.create(blob ?? assert.fail(), metadata, inChunks(large()));
  }

  async function leaveBlob(usecase: string): Promise<BlobName> {
    const { newBlob } = await leaveChange(usecase);
    await fill(newBlob);
    return newBlob;
  }

  const describeUnreferenced = (signal?: AbortSignal): Promise<StorageDescription> =>
    store().engine.describeStorage({ includeUsage: false, includeUnreferenced: true, signal });

  async function count(): Promise<readonly [Record<string, number>, number | undefined]> {
    const { usage, uncountedBlobs } = await describeUnreferenced();
    const bytes = usage.map((one) => [one.usecase, one.unreferencedBytes]);
    return [Object.fromEntries(bytes), uncountedBlobs];
  }

  function failHead(bad: BlobName, error: Error): () => void {
    return store().longTerm.hook('head', {
      before: (blob) => {
        if (blob === bad) throw error;
      },
    });
  }

  for (const code of ['TIER_UNAVAILABLE', 'UNREADABLE', 'CHECKSUM_MISMATCH'] as const) {
    const error = code === 'TIER_UNAVAILABLE' ? unavailable() : damaged(code);

    it(`leaves out one blob that is ${code}, and says so`, async () => {
      const bad = await leaveBlob('bad');
      await leaveBlob('good');
      failHead(bad, error);
      assert.deepEqual(await count(), [{ good: largeBytes }, 1]);
    });

    it(`counts a blob that is ${code} now as it was before`, async () => {
      const bad = await leaveBlob('bad');
      assert.deepEqual(await count(), [{ bad: largeBytes }, 0]);
      store().clock.advance(limits.blobSizeFreshMs);
      failHead(bad, error);
      assert.deepEqual(await count(), [{ bad: largeBytes }, 0]);
    });

    it(`leaves out the blobs of a row that is ${code}`, async () => {
      await leaveChange('bad', 2);
      await leaveBlob('good');
      store().highVolume.hook('readHead', {
        before: ({ usecase }) => {
          if (usecase === 'bad') throw error;
        },
      });
      assert.deepEqual(await count(), [{ good: largeBytes }, 2]);
    });
  }

  it('does not take a fault of the program for a blob that cannot be read', async () => {
    await leaveBlob('any');
    failAll(store().longTerm, 'head', new TypeError('a bug'));
    await assert.rejects(count(), TypeError);
  });

  it('fails where a tier that is down leaves nothing to tell, and only there', async () => {
    for (let blobs = 0; blobs < limits.uncountedAloneMax; blobs += 1) await leaveChange('any');
    const heal = failAll(store().longTerm, 'head', unavailable());
    assert.deepEqual(await count(), [{}, limits.uncountedAloneMax]);
    await leaveChange('any');
    await assert.rejects(count(), { code: 'TIER_UNAVAILABLE' });
    heal();
    const good = await leaveBlob('good');
    store().longTerm.hook('head', {
      before: (blob) => {
        if (blob !== good) throw unavailable();
      },
    });
    assert.deepEqual(await count(), [{ good: largeBytes }, limits.uncountedAloneMax + 1]);
  });

  for (const failing of ['newBlob', 'oldBlob'] as const) {
    it(`no longer counts the blob that was deleted where the ${failing} was not`, async () => {
      const change = await leaveChange('any', 2);
      await fill(change.newBlob);
      await fill(change.oldBlob);
      assert.deepEqual(await count(), [{ any: 2 * largeBytes }, 0]);
      store().longTerm.hook('remove', {
        before: (blob) => {
          if (blob === change[failing]) throw unavailable();
        },
      });
      const how = { youngChange: 'settle', unnamedBlobs: 'delete' } as const;
      const { changeId } = change;
      store().clock.advance(limits.readerGraceMs);
      await assert.rejects(store().engine.settleChange({ changeId, ...how }));
      const left = failing === 'newBlob' ? 2 : 1;
      assert.deepEqual(await count(), [{ any: left * largeBytes }, 0]);
    });
  }

  it('counts a blob until its deletion is confirmed', async () => {
    const { changeId, newBlob } = await leaveChange('any');
    await fill(newBlob);
    await count();
    store().longTerm.hook('remove', {
      before: () => {
        throw unavailable();
      },
    });
    const settling = { changeId, youngChange: 'settle', unnamedBlobs: 'delete' } as const;
    await assert.rejects(store().engine.settleChange(settling));
    failAll(store().longTerm, 'head', unavailable());
    assert.deepEqual(await count(), [{ any: largeBytes }, 0]);
  });

  it('keeps no size of a blob that was deleted while it was asked for', async () => {
    const { changeId, newBlob } = await leaveChange('any', 2);
    await fill(newBlob);
    const head = holdNext(store().longTerm, 'head', 'after');
    const counting = count();
    await head.reached;
    const lost = store().changeLog.hook('remove', {
      before: () => {
        throw unavailable();
      },
    });
    const settling = { changeId, youngChange: 'settle', unnamedBlobs: 'delete' } as const;
    await assert.rejects(store().engine.settleChange(settling));
    lost();
    head.release();
    await counting;
    assert.deepEqual(await count(), [{}, 0]);
  });

  it('asks for no size of a blob that was replaced or deleted here', async () => {
    const larger = new Uint8Array(2 * largeBytes);
    for (const [usecase, replacement] of [
      ['by-large', larger],
      ['by-inline', new Uint8Array(1)],
    ] as const) {
      const id = parseObjectId({ usecase, scopes: [], key: 'a' });
      await store().store(id, large());
      await store().store(id, replacement);
    }
    const id = parseObjectId({ usecase: 'deleted', scopes: [], key: 'a' });
    await store().store(id, larger);
    await store().engine.deleteObject({ id });
    failAll(store().longTerm, 'head', new TypeError('it was asked'));
    const sizes = { 'by-large': largeBytes, 'by-inline': largeBytes, deleted: 2 * largeBytes };
    assert.deepEqual(await count(), [sizes, 0]);
    store().clock.advance(limits.blobSizeFreshMs);
    await assert.rejects(count(), TypeError);
  });

  it('learns no size from a change that did not commit', async () => {
    const id = parseObjectId({ usecase: 'any', scopes: [], key: 'a' });
    const { revision } = await store().store(id, large());
    failAll(store().changeLog, 'remove', unavailable());
    failNext(store().highVolume, 'commit', unavailable());
    await assert.rejects(store().put(id, large()), { code: 'TIER_UNAVAILABLE' });
    // Another process deletes the object, and what it left.
    const { highVolume, longTerm } = store().tiers;
    const other = changeIdOf(ids.revision());
    await highVolume.begin(id, other);
    await highVolume.commit(id, other, { kind: 'absent' });
    await longTerm.remove(blobNameOf(id, revision));
    assert.deepEqual(await count(), [{}, 0]);
  });

  it('asks again after a while, for what another process may have deleted', async () => {
    const blob = await leaveBlob('any');
    await count();
    await store().tiers.longTerm.remove(blob);
    store().clock.advance(limits.blobSizeFreshMs);
    assert.deepEqual(await count(), [{}, 0]);
  });

  describe('of 20,000 changes on a slow tier', () => {
    const changes = 20_000;
    let heads: number;
    let headsAtOnceMax: number;

    beforeEach(async () => {
      for (let left = changes; left > 0; left -= 1) await leaveChange('any');
      heads = 0;
      headsAtOnceMax = 0;
      let atOnce = 0;
      const { longTerm, clock } = store();
      const sampleId = parseObjectId({ usecase: 'sample', scopes: [], key: 'a' });
      const sample = blobNameOf(sampleId, ids.revision());
      await fill(sample);
      const found = await store().tiers.longTerm.head(sample);
      longTerm.hook('head', {
        instead: async () => {
          heads += 1;
          headsAtOnceMax = Math.max(headsAtOnceMax, (atOnce += 1));
          await clock.sleep(headMs);
          atOnce -= 1;
          return found;
        },
      });
    });

    /** Lets time pass until the counts have ended, and answers how much of it they took. */
    async function pass(...counts: readonly Promise<unknown>[]): Promise<number> {
      const began = store().clock.now();
      const going = new Set(counts);
      for (const one of counts) void Promise.allSettled([one]).then(() => going.delete(one));
      for (await nextTurn(); going.size > 0; await nextTurn()) store().clock.advance(headMs);
      return store().clock.now() - began;
    }

    it('asks for each once, many at a time, and for none in the next count', async () => {
      const [one, other] = [count(), count()];
      const tookMs = await pass(one, other);
      assert.deepEqual(await one, [{ any: changes * largeBytes }, 0]);
      assert.deepEqual(await other, await one);
      assert.equal(heads, changes);
      assert(tookMs < 10_000, `${tookMs} ms`);
      assert(headsAtOnceMax <= 2 * limits.describeConcurrencyMax);
      const again = count();
      await pass(again);
      assert.deepEqual(await again, await one);
      assert.equal(heads, changes);
    });

    it('comes to its end in counts that are cut short each', async () => {
      for (let runs = 0; runs < 6; runs += 1) {
        const cut = new AbortController();
        void store()
          .clock.sleep(1_500)
          .then(() => cut.abort());
        const counting = describeUnreferenced(cut.signal);
        await pass(counting);
        await counting.catch((error: unknown) => assert(error instanceof DomainError));
        const headsMax = Math.ceil(1_500 / headMs + 1) * limits.describeConcurrencyMax;
        assert(heads <= (runs + 1) * headsMax, `${heads} heads`);
      }
      assert.equal(heads, changes);
      const last = count();
      await pass(last);
      assert.deepEqual(await last, [{ any: changes * largeBytes }, 0]);
    });
  });

  it('keeps a bounded number of sizes, and lets the oldest go', async () => {
    let heads = 0;
    const blob = await leaveBlob('any');
    const found = await store().tiers.longTerm.head(blob);
    const head = async () => {
      heads += 1;
      return found;
    };
    const sizes = createBlobSizes({
      longTerm: { ...store().tiers.longTerm, head },
      clock: store().clock,
    });
    const objectId = parseObjectId({ usecase: 'any', scopes: [], key: 'a' });
    const blobs = Array.from({ length: limits.blobSizesMax + 1 }, () =>
      blobNameOf(objectId, ids.revision()),
    );
    for (const one of blobs) await sizes.sizeOf(one);
    const asked = heads;
    for (const one of blobs.slice(1)) await sizes.sizeOf(one);
    assert.equal(heads, asked);
    await sizes.sizeOf(blobs[0] ?? assert.fail());
    assert.equal(heads, asked + 1);
  });
});

function damaged(code: 'UNREADABLE' | 'CHECKSUM_MISMATCH'): DomainError {
  return new DomainError({ code, what: 'it', why: 'a bad sector' });
}
