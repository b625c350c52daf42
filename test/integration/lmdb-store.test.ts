import { hasCode } from '@holdfast/domain';
import { systemClock } from '@holdfast/service-kit';
import { createRowFixtures } from '@holdfast/testkit';
import { openLmdbStore } from '@holdfast/tier-lmdb';
import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { platform } from 'node:os';
import {
  makeTemporaryDirectory,
  openTemporaryLmdbStore,
  tamperWith,
  withLmdbStore,
} from '../support/lmdb-store.js';

describe('an LMDB store', () => {
  const make = createRowFixtures(systemClock);
  let directory: string;

  beforeEach(async () => {
    directory = await makeTemporaryDirectory();
  });
  afterEach(() => rm(directory, { recursive: true }));

  it('keeps rows, intents and changes over being closed and opened again', async () => {
    const [small, large] = [make.id(), make.id()];
    const [intent, other] = [make.changeId(), make.changeId()];
    const change = { changeId: other, objectId: large, deadline: systemClock.now() };
    await withLmdbStore({ directory }, systemClock, async ({ highVolumeTier, changeLog }) => {
      await highVolumeTier.putInline(small, make.inline('kept'));
      await highVolumeTier.begin(large, intent);
      await changeLog.record(change);
    });
    await withLmdbStore({ directory }, systemClock, async ({ highVolumeTier, changeLog }) => {
      assert.equal((await highVolumeTier.read(small)).kind, 'inline');
      assert.deepEqual(await changeLog.get(other), change);
      const committed = await highVolumeTier.commit(large, intent, make.tombstone(large));
      assert.equal(committed, 'committed');
    });
  });

  it('refuses an environment of a format that it does not know, and leaves it as it is', async () => {
    await withLmdbStore({ directory }, systemClock, async () => {});
    await tamperWith(directory, ({ meta }) => void meta.put(Buffer.from('format'), Buffer.of(9)));
    for (let attempt = 0; attempt < 2; attempt += 1) {
      await assert.rejects(
        openLmdbStore({ directory }, { clock: systemClock }),
        (error: Error) =>
          hasCode(error, 'UNREADABLE') && /format 9 is not known/.test(error.message),
      );
    }
  });

  it('refuses an environment that lost its format marker', async () => {
    await withLmdbStore({ directory }, systemClock, async () => {});
    await tamperWith(directory, ({ meta }) => void meta.remove(Buffer.from('format')));
    await assert.rejects(openLmdbStore({ directory }, { clock: systemClock }), (error) =>
      hasCode(error, 'UNREADABLE'),
    );
  });

  it('is refused where a file system takes no directories', async function () {
    if (platform() !== 'linux') this.skip();
    await assert.rejects(
      openLmdbStore({ directory: '/proc/holdfast/rows' }, { clock: systemClock }),
      (error) => hasCode(error, 'TIER_UNAVAILABLE'),
    );
  });

  it('fences what was begun before, also where that has not been answered yet', async () => {
    const store = await openTemporaryLmdbStore();
    const tier = store.highVolumeTier;
    const [id, changeId] = [make.id(), make.changeId()];
    const begun = [tier.begin(id, make.changeId()), tier.begin(id, changeId)];
    await Promise.all([...begun, tier.fence(id, changeId)]);
    assert.equal(await tier.commit(id, changeId, make.tombstone(id)), 'refused');
    const asked = [tier.begin(id, changeId), tier.fence(id, make.changeId())] as const;
    await Promise.all(asked);
    assert.equal(await tier.commit(id, changeId, make.tombstone(id)), 'committed');
    await store.remove();
  });

  it('writes nothing to fence a change that has ended', async () => {
    const store = await openTemporaryLmdbStore();
    const tier = store.highVolumeTier;
    const [id, changeId] = [make.id(), make.changeId()];
    await tier.begin(id, changeId);
    await tier.commit(id, changeId, make.tombstone(id));
    const put = tier.putInline(make.id(), make.inline('takes a commit'));
    const order: string[] = [];
    await Promise.all([
      put.then(() => order.push('put')),
      tier.fence(id, changeId).then(() => order.push('fence')),
    ]);
    assert.deepEqual(order, ['fence', 'put']);
    await store.remove();
  });

  it('finds a row unreadable whose payload is missing', async () => {
    const store = await openTemporaryLmdbStore();
    const id = make.id();
    await store.highVolumeTier.putInline(id, make.inline('lost'));
    await store.tamper(({ payloads }) => void payloads.remove(Buffer.from(id.path)));
    const isUnreadable = (error: unknown): boolean => hasCode(error, 'UNREADABLE');
    await assert.rejects(store.highVolumeTier.read(id), isUnreadable);
    await store.remove();
  });

  it('removes a payload with its row, and with one that becomes a tombstone', async () => {
    const store = await openTemporaryLmdbStore();
    const [deleted, replaced] = [make.id(), make.id()];
    const changeId = make.changeId();
    for (const id of [deleted, replaced])
      await store.highVolumeTier.putInline(id, make.inline('x'));
    await store.highVolumeTier.deleteInline(deleted);
    await store.highVolumeTier.begin(replaced, changeId);
    await store.highVolumeTier.commit(replaced, changeId, make.tombstone(replaced));
    let left: number | undefined;
    await store.tamper(({ payloads }) => void (left = payloads.getKeysCount()));
    assert.equal(left, 0);
    await store.remove();
  });

  it('lets an unreadable row fail alone among operations of one commit', async () => {
    const store = await openTemporaryLmdbStore();
    const [damaged, fine] = [make.id(), make.id()];
    await store.tamper(({ heads }) => void heads.put(Buffer.from(damaged.path), Buffer.of(7)));
    const results = await Promise.allSettled([
      store.highVolumeTier.putInline(damaged, make.inline('x')),
      store.highVolumeTier.putInline(fine, make.inline('x')),
    ]);
    assert.deepEqual(
      results.map(({ status }) => status),
      ['rejected', 'fulfilled'],
    );
    await store.remove();
  });

  it('answers every call after it is closed with TIER_UNAVAILABLE', async () => {
    const store = await openLmdbStore({ directory }, { clock: systemClock });
    const { highVolumeTier, changeLog } = store;
    await Promise.all([store.close(), store.close()]);
    const calls = [
      highVolumeTier.read(make.id()),
      highVolumeTier.deleteInline(make.id()),
      changeLog.get(make.changeId()),
      changeLog.remove(make.changeId()),
    ];
    for (const call of calls) {
      await assert.rejects(call, (error) => hasCode(error, 'TIER_UNAVAILABLE'));
    }
  });
});
