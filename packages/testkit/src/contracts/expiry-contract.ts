import { later, type InlineRow, type ObjectId, type TombstoneRow } from '@holdfast/domain';
import assert from 'node:assert/strict';
import { plain } from './row-fixtures.js';
import type { OpenHighVolumeTier } from './tier-under-test.js';
import { useSharedTier } from './use-tier.js';

export function describeExpiry(open: OpenHighVolumeTier): void {
  describe('expiry', () => {
    const current = useSharedTier(open);

    async function store(id: ObjectId, row: InlineRow | TombstoneRow): Promise<void> {
      const { tier, make } = current.get();
      const changeId = make.changeId();
      await tier.begin(id, changeId);
      assert.equal(await tier.commit(id, changeId, row), 'committed');
    }

    it('shows a row until the millisecond before its expiry, and not from it on', async () => {
      const { tier, clock, make } = current.get();
      const id = make.id();
      await store(id, make.inline('brief', make.expiringIn(1_000)));
      clock.advance(999);
      assert.equal((await tier.read(id)).kind, 'inline');
      assert.equal((await tier.readHead(id)).kind, 'inline');
      clock.advance(1);
      assert.equal((await tier.read(id)).kind, 'absent');
      assert.equal((await tier.readHead(id)).kind, 'absent');
    });

    it('shows what is left of an expired inline row', async () => {
      const { tier, clock, make } = current.get();
      const id = make.id();
      const row = make.inline('brief', make.expiringIn(1_000));
      await store(id, row);
      clock.advance(1_000);
      const remains = { revision: row.metadata.revision };
      assert.deepEqual(plain(await tier.read(id)), { kind: 'absent', remains });
      assert.deepEqual(plain(await tier.readHead(id)), { kind: 'absent', remains });
    });

    it('shows which blob an expired tombstone still names', async () => {
      const { tier, clock, make } = current.get();
      const id = make.id();
      const row = make.tombstone(id, make.expiringIn(1_000));
      await store(id, row);
      clock.advance(1_000);
      const remains = { revision: row.metadata.revision, blob: row.blob };
      assert.deepEqual(plain(await tier.read(id)), { kind: 'absent', remains });
      assert.deepEqual(plain(await tier.readHead(id)), { kind: 'absent', remains });
    });

    it('commits on a live row, where only a live one may be replaced', async () => {
      const { tier, clock, make } = current.get();
      const id = make.id();
      await store(id, make.inline('brief', make.expiringIn(1_000)));
      const changeId = make.changeId();
      await tier.begin(id, changeId);
      clock.advance(999);
      const row = make.inline('new');
      assert.equal(await tier.commit(id, changeId, row, true), 'committed');
      assert.deepEqual(plain(await tier.read(id)), plain(row));
    });

    it('refuses to commit on an expired row or on none, where only a live one may be replaced', async () => {
      const { tier, clock, make } = current.get();
      const id = make.id();
      const changeId = make.changeId();
      await store(id, make.inline('brief', make.expiringIn(1_000)));
      await tier.begin(id, changeId);
      clock.advance(1_000);
      const before = plain(await tier.read(id));
      assert.equal(await tier.commit(id, changeId, make.inline('new'), true), 'refused');
      assert.deepEqual(plain(await tier.read(id)), before);
      // The intent is still there: without that demand the commit goes through.
      assert.equal(await tier.commit(id, changeId, make.inline('new')), 'committed');

      const empty = make.id();
      await tier.begin(empty, changeId);
      assert.equal(await tier.commit(empty, changeId, make.inline('new'), true), 'refused');
      assert.deepEqual(plain(await tier.read(empty)), { kind: 'absent' });
    });

    it('leaves nothing of an expired row that was deleted', async () => {
      const { tier, clock, make } = current.get();
      const id = make.id();
      await store(id, make.inline('brief', make.expiringIn(1_000)));
      clock.advance(1_000);
      assert.equal(await tier.deleteInline(id), 'deleted');
      assert.deepEqual(plain(await tier.read(id)), { kind: 'absent' });
    });

    for (const kind of ['inline', 'tombstone'] as const) {
      it(`extends the expiry of a live ${kind} row and changes nothing else`, async () => {
        const { tier, clock, make } = current.get();
        const id = make.id();
        const expiry = make.idleIn(1_000);
        const row = kind === 'inline' ? make.inline('x', expiry) : make.tombstone(id, expiry);
        await store(id, row);
        const intent = make.changeId();
        await tier.begin(id, intent);
        const timeExpires = later(clock.now(), 2_000);
        assert.equal(await tier.extend(id, row.metadata.revision, timeExpires), 'extended');
        const expected = { ...row, metadata: { ...row.metadata, timeExpires } };
        assert.deepEqual(plain(await tier.read(id)), plain(expected));
        clock.advance(1_999);
        assert.equal((await tier.read(id)).kind, kind);
        clock.advance(1);
        assert.equal((await tier.read(id)).kind, 'absent');
        assert.equal(await tier.commit(id, intent, { kind: 'absent' }), 'committed');
      });
    }

    it('does not move an expiry backward, nor to where it is', async () => {
      const { tier, clock, make } = current.get();
      const id = make.id();
      const row = make.inline('x', make.idleIn(2_000));
      await store(id, row);
      for (const ms of [1_000, 2_000]) {
        const time = later(clock.now(), ms);
        assert.equal(await tier.extend(id, row.metadata.revision, time), 'unchanged');
      }
      assert.deepEqual(plain(await tier.read(id)), plain(row));
    });

    it('does not extend a row of another revision', async () => {
      const { tier, clock, make } = current.get();
      const id = make.id();
      const row = make.inline('x', make.idleIn(1_000));
      await store(id, row);
      const time = later(clock.now(), 9_000);
      assert.equal(await tier.extend(id, make.revision(), time), 'unchanged');
      assert.deepEqual(plain(await tier.read(id)), plain(row));
    });

    it('does not revive an expired row', async () => {
      const { tier, clock, make } = current.get();
      const id = make.id();
      const row = make.inline('x', make.idleIn(1_000));
      await store(id, row);
      clock.advance(1_000);
      const time = later(clock.now(), 9_000);
      assert.equal(await tier.extend(id, row.metadata.revision, time), 'unchanged');
      assert.equal((await tier.read(id)).kind, 'absent');
    });

    it('gives no expiry to a row that has none, and none to no row', async () => {
      const { tier, clock, make } = current.get();
      const id = make.id();
      const row = make.inline('for ever');
      const time = later(clock.now(), 9_000);
      assert.equal(await tier.extend(id, row.metadata.revision, time), 'unchanged');
      await store(id, row);
      assert.equal(await tier.extend(id, row.metadata.revision, time), 'unchanged');
      assert.deepEqual(plain(await tier.read(id)), plain(row));
    });
  });
}
