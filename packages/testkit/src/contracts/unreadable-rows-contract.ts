import { hasCode, later, parseStoragePrefix } from '@holdfast/domain';
import assert from 'node:assert/strict';
import type { OpenHighVolumeTier } from './tier-under-test.js';
import { useEmptyTier } from './use-tier.js';

export function describeUnreadableRows(open: OpenHighVolumeTier): void {
  describe('a row that cannot be read', () => {
    const current = useEmptyTier(open);

    async function damagedRow() {
      const opened = current.get();
      const { tier, make } = opened;
      const id = make.id('damaged');
      const row = make.inline('precious', make.expiringIn(1_000));
      await tier.putInline(id, row);
      const changeId = make.changeId();
      await tier.begin(id, changeId);
      await opened.damage(id);
      return { ...opened, id, row, changeId };
    }

    it('is refused by every operation, and changed by none', async () => {
      const { tier, make, clock, id, row, changeId } = await damagedRow();
      const operations: Readonly<Record<string, () => Promise<unknown>>> = {
        read: () => tier.read(id),
        readHead: () => tier.readHead(id),
        putInline: () => tier.putInline(id, make.inline('new')),
        deleteInline: () => tier.deleteInline(id),
        begin: () => tier.begin(id, make.changeId()),
        fence: () => tier.fence(id, changeId),
        commitTombstone: () => tier.commit(id, changeId, make.tombstone(id)),
        commitAbsent: () => tier.commit(id, changeId, { kind: 'absent' }),
        extend: () => tier.extend(id, row.metadata.revision, later(clock.now(), 9_000)),
      };
      for (const [name, operation] of Object.entries(operations)) {
        await assert.rejects(operation, (error) => hasCode(error, 'UNREADABLE'), name);
      }
      await assert.rejects(tier.read(id), (error) => hasCode(error, 'UNREADABLE'));
    });

    it('is left out of a listing, and named', async () => {
      const { tier, make, id } = await damagedRow();
      const other = make.id('zz-fine');
      await tier.putInline(other, make.inline('x'));
      const prefix = parseStoragePrefix({ usecase: 'contract', scopes: [] });
      const page = await tier.list(prefix, undefined, 10);
      assert.deepEqual(
        page.objects.map((object) => object.id.path),
        [other.path],
      );
      assert.deepEqual(page.undecided, [id.path]);
    });

    it('is named beside the rows that can be read', async () => {
      const { tier, make, clock, id } = await damagedRow();
      const other = make.id('zz-expired');
      await tier.putInline(other, make.inline('x', make.expiringIn(1_000)));
      clock.advance(2_000);
      const page = await tier.listRows(undefined, 10);
      assert.deepEqual(
        page.rows.map((row) => row.id.path),
        [other.path],
      );
      assert.deepEqual(page.undecided, [id.path]);
      assert.equal(page.next, undefined);
    });

    it('leaves its neighbours usable', async () => {
      const { tier, make } = await damagedRow();
      const neighbour = make.id('damaged/neighbour');
      assert.equal(await tier.putInline(neighbour, make.inline('fine')), 'stored');
      assert.equal((await tier.read(neighbour)).kind, 'inline');
    });
  });
}
