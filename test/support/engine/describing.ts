import { DomainError, parseObjectId, timeOfRevision, type ObjectId } from '@holdfast/domain';
import assert from 'node:assert/strict';
import { failAll, holdNext } from './hold.js';
import { large, largeBytes, small, thresholdBytes } from './payloads.js';
import { placeOrphan } from './reclaiming.js';
import { arrange } from './situations.js';
import { expiringAfter, idOf, useStore, type OpenTiers } from './store-under-test.js';

const smallBytes = small().length;

function idIn(usecase: string, key: string): ObjectId {
  return parseObjectId({ usecase, scopes: [], key });
}

export function describeDescribing(openTiers: OpenTiers): void {
  const store = useStore(openTiers);
  const describeAll = () => store().engine.describeStorage({ includeUsage: true });

  describe('the description of what is stored', () => {
    it('is empty of an empty store', async () => {
      assert.deepEqual(await describeAll(), {
        inlineThresholdBytes: thresholdBytes,
        pendingChanges: 0,
        oldestChangeTime: undefined,
        uncountedBlobs: 0,
        usage: [],
      });
    });

    it('tells objects and bytes by usecase, the most bytes first', async () => {
      await store().store(idIn('few', 'a'), small());
      await store().store(idIn('few', 'b'), small(2));
      await store().store(idIn('many', 'a'), large());
      await store().store(idIn('many', 'b'), small());
      const { usage } = await describeAll();
      assert.deepEqual(usage, [
        {
          usecase: 'many',
          objects: 2,
          inlineBytes: smallBytes,
          blobBytes: largeBytes,
          unreferencedBytes: 0,
        },
        {
          usecase: 'few',
          objects: 2,
          inlineBytes: 2 * smallBytes,
          blobBytes: 0,
          unreferencedBytes: 0,
        },
      ]);
    });

    it('counts no expired object, but the blob that its row still names', async () => {
      await store().store(idOf('a'), large(), expiringAfter(1_000));
      await store().store(idOf('b'), small(), expiringAfter(1_000));
      store().clock.advance(1_000);
      const [usage] = (await describeAll()).usage;
      assert.deepEqual(usage, {
        usecase: 'engine',
        objects: 0,
        inlineBytes: 0,
        blobBytes: largeBytes,
        unreferencedBytes: 0,
      });
    });

    it('counts a blob once that waits on the log, and none that is orphaned', async () => {
      await arrange(store(), idOf('a'), 'large', 1);
      await store().atRest();
      const commit = holdNext(store().highVolume, 'commit');
      const writing = store().put(idOf('a'), large(2));
      await commit.reached;
      const { revision } = await store().store(idOf('a'), large(3));
      commit.release();
      await writing;
      await store().atRest();
      await placeOrphan(store(), 'orphan');
      const described = await describeAll();
      assert.deepEqual(described.usage, [
        {
          usecase: 'engine',
          objects: 1,
          inlineBytes: 0,
          blobBytes: largeBytes,
          unreferencedBytes: largeBytes,
        },
      ]);
      assert.equal(described.pendingChanges, 1);
      assert.equal(described.oldestChangeTime, timeOfRevision(revision));
    });

    it('tells of changes alone, if asked for no more', async () => {
      await arrange(store(), idOf('a'), 'large', 1);
      const { revision } = await store().store(idOf('a'), large(2));
      await store().atRest();
      const unhook = failAll(store().highVolume, 'listRows', new Error('it looks at rows'));
      const described = await store().engine.describeStorage({ includeUsage: false });
      unhook();
      assert.deepEqual(described, {
        inlineThresholdBytes: thresholdBytes,
        pendingChanges: 1,
        oldestChangeTime: timeOfRevision(revision),
        uncountedBlobs: undefined,
        usage: [],
      });
    });

    it('tells what waits to be freed from the log alone, if asked for no more', async () => {
      await arrange(store(), idOf('a'), 'large', 1);
      await store().store(idOf('a'), large(2));
      await store().store(idIn('other', 'b'), large(3));
      await store().store(idIn('other', 'b'), small());
      await store().atRest();
      const unhook = failAll(store().highVolume, 'listRows', new Error('it looks at rows'));
      const described = await store().engine.describeStorage({
        includeUsage: false,
        includeUnreferenced: true,
      });
      unhook();
      const nothing = { objects: 0, inlineBytes: 0, blobBytes: 0 };
      assert.deepEqual(described.usage, [
        { usecase: 'engine', ...nothing, unreferencedBytes: largeBytes },
        { usecase: 'other', ...nothing, unreferencedBytes: largeBytes },
      ]);
      assert.equal(described.pendingChanges, 2);
    });

    it('ends with its caller', async () => {
      const signal = AbortSignal.abort();
      const describing = store().engine.describeStorage({ includeUsage: true, signal });
      await assert.rejects(describing, DomainError);
    });
  });
}
