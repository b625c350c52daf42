import { limits, type ChangeId } from '@holdfast/domain';
import assert from 'node:assert/strict';
import { plain } from './row-fixtures.js';
import type { OpenHighVolumeTier } from './tier-under-test.js';
import { useSharedTier } from './use-tier.js';

export function describeIntents(open: OpenHighVolumeTier): void {
  describe('intents', () => {
    const current = useSharedTier(open);

    async function beginMany(id: ReturnType<typeof newId>, count: number): Promise<ChangeId[]> {
      const { tier, make } = current.get();
      const changeIds = Array.from({ length: count }, () => make.changeId());
      for (const changeId of changeIds) await tier.begin(id, changeId);
      return changeIds;
    }

    const newId = () => current.get().make.id();

    it('keeps as many intents as a row may have, so that the first can still commit', async () => {
      const { tier, make } = current.get();
      const id = newId();
      const [first] = await beginMany(id, limits.intentsPerRowMax);
      assert.ok(first);
      assert.equal(await tier.commit(id, first, make.tombstone(id)), 'committed');
    });

    it('forgets the oldest intent for one too many, and only that one', async () => {
      const { tier, make } = current.get();
      const id = newId();
      const [first, second] = await beginMany(id, limits.intentsPerRowMax + 1);
      assert.ok(first !== undefined && second !== undefined);
      assert.equal(await tier.commit(id, first, make.tombstone(id)), 'refused');
      assert.equal((await tier.read(id)).kind, 'absent');
      assert.equal(await tier.commit(id, second, make.tombstone(id)), 'committed');
    });

    it('makes room by a fence, so that nothing is forgotten', async () => {
      const { tier, make } = current.get();
      const id = newId();
      const [first, second] = await beginMany(id, limits.intentsPerRowMax);
      assert.ok(first !== undefined && second !== undefined);
      await tier.fence(id, second);
      await beginMany(id, 1);
      assert.equal(await tier.commit(id, first, make.tombstone(id)), 'committed');
    });

    it('keeps the intents of one row apart from those of another', async () => {
      const { tier, make } = current.get();
      const [id, neighbour] = [make.id('twin'), make.id('twin/')];
      const changeId = make.changeId();
      await tier.begin(id, changeId);
      await tier.putInline(neighbour, make.inline('neighbour'));
      await tier.fence(neighbour, changeId);
      assert.equal(await tier.commit(neighbour, changeId, { kind: 'absent' }), 'refused');
      assert.equal(await tier.commit(id, changeId, make.inline('mine')), 'committed');
    });

    it('refuses a second commit of the same change', async () => {
      const { tier, make } = current.get();
      const id = newId();
      const [changeId] = await beginMany(id, 1);
      assert.ok(changeId);
      const first = make.tombstone(id);
      assert.equal(await tier.commit(id, changeId, first), 'committed');
      assert.equal(await tier.commit(id, changeId, make.tombstone(id)), 'refused');
      assert.deepEqual(plain(await tier.read(id)), plain(first));
    });

    it('refuses a commit that a fence came before, whatever began since', async () => {
      const { tier, make } = current.get();
      const id = newId();
      const [fenced] = await beginMany(id, 1);
      assert.ok(fenced);
      await tier.fence(id, fenced);
      await beginMany(id, 2);
      assert.equal(await tier.commit(id, fenced, make.tombstone(id)), 'refused');
    });

    it('refuses a commit after content that was put and deleted again', async () => {
      const { tier, make } = current.get();
      const id = newId();
      const [changeId] = await beginMany(id, 1);
      assert.ok(changeId);
      await tier.putInline(id, make.inline('in between'));
      await tier.deleteInline(id);
      assert.equal(await tier.commit(id, changeId, make.tombstone(id)), 'refused');
      assert.equal((await tier.read(id)).kind, 'absent');
    });

    it('lets an intent outlive the expiry of the row', async () => {
      const { tier, clock, make } = current.get();
      const id = newId();
      await tier.putInline(id, make.inline('short-lived', make.expiringIn(1_000)));
      const [changeId] = await beginMany(id, 1);
      assert.ok(changeId);
      clock.advance(5_000);
      assert.equal(await tier.commit(id, changeId, make.tombstone(id)), 'committed');
    });
  });
}
