import { changeIdOf, limits, parseBlobName } from '@holdfast/domain';
import assert from 'node:assert/strict';
import { small } from './payloads.js';
import { placeOrphan } from './reclaiming.js';
import { idOf, useStore, type OpenTiers } from './store-under-test.js';

const wrongSizes = [0, -1, 1.5, limits.pageSizeMax + 1];
const wrongTokens = ['', 'x', '1:engine/objects/x', 'blobs-1', 'changes-1:x', 'verify-1:x'];

/** What workers list to find their work. */
export function describeCleanupLists(openTiers: OpenTiers): void {
  const store = useStore(openTiers);

  async function placeChanges(count: number): Promise<void> {
    for (let at = 0; at < count; at += 1) {
      const { revision } = await store().store(idOf('spare'), small());
      const deadline = (store().clock.now() + at) as never;
      const changeId = changeIdOf(revision);
      await store().tiers.changeLog.record({ changeId, objectId: idOf(`${at}`), deadline });
    }
  }

  describe('the list of changes', () => {
    it('shows every change once, oldest first, in pages of any size', async () => {
      await placeChanges(7);
      const all = await store().changes();
      assert.equal(all.length, 7);
      for (const pageSize of [1, 2, 3, 7, 8, undefined]) {
        const shown: unknown[] = [];
        let pageToken: string | undefined;
        do {
          const page = await store().engine.listChanges({ pageSize, pageToken });
          assert(page.changes.length <= (pageSize ?? limits.pageSizeDefault));
          shown.push(...page.changes);
          pageToken = page.nextPageToken;
        } while (pageToken !== undefined);
        assert.deepEqual(shown, all);
      }
    });

    it('shows only those that are due, if asked', async () => {
      await placeChanges(4);
      const dueAt = (store().clock.now() + 1) as never;
      const { changes } = await store().engine.listChanges({ dueAt });
      assert.deepEqual(
        changes.map(({ objectId }) => objectId.key),
        ['0', '1'],
      );
    });

    it('is more than one look at the log, where a page is large', async () => {
      await placeChanges(limits.listStepMax + 1);
      const page = await store().engine.listChanges({ pageSize: limits.pageSizeMax });
      assert.equal(page.changes.length, limits.listStepMax + 1);
      assert.equal(page.nextPageToken, undefined);
    });
  });

  describe('the list of blobs', () => {
    it('shows every blob once, with what its name says', async () => {
      const orphans = [];
      for (const key of ['a', 'b', 'c', 'd']) orphans.push(await placeOrphan(store(), key));
      for (const pageSize of [1, 3, 4, undefined]) {
        const shown = [];
        let pageToken: string | undefined;
        do {
          const page = await store().engine.listBlobs({ pageSize, pageToken });
          assert.deepEqual(page.undecided, []);
          shown.push(...page.blobs);
          pageToken = page.nextPageToken;
        } while (pageToken !== undefined);
        assert.deepEqual(shown.map(({ name }) => name).toSorted(), orphans.toSorted());
        for (const { name, id, revision } of shown) {
          assert.deepEqual({ id, revision }, parseBlobName(name));
        }
      }
    });
  });

  describe('a wrong page', () => {
    for (const pageSize of wrongSizes) {
      it(`is refused: ${pageSize} entries`, async () => {
        const wrong = { code: 'INVALID_PAGE', message: /^page_size: / };
        await assert.rejects(store().engine.listChanges({ pageSize }), wrong);
        await assert.rejects(store().engine.listBlobs({ pageSize }), wrong);
      });
    }

    for (const pageToken of wrongTokens) {
      it(`is refused: after '${pageToken}'`, async () => {
        const wrong = { code: 'INVALID_PAGE', message: /^page_token: / };
        await assert.rejects(store().engine.listChanges({ pageToken }), wrong);
        await assert.rejects(store().engine.listBlobs({ pageToken }), wrong);
      });
    }
  });
}
