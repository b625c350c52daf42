import { hasCode, type HighVolumeTier, type InlineRow, type ObjectId } from '@holdfast/domain';
import { systemClock } from '@holdfast/service-kit';
import { createRowFixtures } from '@holdfast/testkit';
import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import { startChild, type Child } from '../support/child-process.js';
import { openTemporaryLmdbStore, withLmdbStore } from '../support/lmdb-store.js';

const holder = new URL('../support/lmdb-hold-lock.ts', import.meta.url);
const commitMsMax = 50;

describe('an LMDB store whose write lock another process keeps', () => {
  let child: Child | undefined;

  afterEach(() => child?.kill());

  it('does not say that a change is fenced whose beginning may yet have its effect', async () => {
    const make = createRowFixtures(systemClock);
    const store = await openTemporaryLmdbStore({ commitMsMax });
    const tier = store.highVolumeTier;
    child = startChild(holder, [store.directory]);
    assert.equal(await child.nextLine(), 'held');
    const [id, changeId] = [make.id(), make.changeId()];
    await assert.rejects(tier.begin(id, changeId), (error) => hasCode(error, 'OUTCOME_UNKNOWN'));
    await assert.rejects(tier.fence(id, changeId), (error) => hasCode(error, 'TIER_UNAVAILABLE'));
    await child.kill();
    while ((await writeOne(tier, make.id(), make.inline('x'))) === undefined);
    await tier.fence(id, changeId);
    assert.equal(await tier.commit(id, changeId, make.tombstone(id)), 'refused');
    await store.remove();
  });

  it('answers its writes and closes, and the store works once the other is gone', async () => {
    const make = createRowFixtures(systemClock);
    const store = await openTemporaryLmdbStore({ commitMsMax });
    child = startChild(holder, [store.directory]);
    assert.equal(await child.nextLine(), 'held');
    const write = store.highVolumeTier.putInline(make.id(), make.inline('x'));
    await assert.rejects(write, (error) => hasCode(error, 'OUTCOME_UNKNOWN'));
    await store.close();
    await child.kill();
    await withLmdbStore(store, systemClock, async ({ highVolumeTier }) => {
      assert.equal(await highVolumeTier.putInline(make.id(), make.inline('x')), 'stored');
    });
    await store.remove();
  });
});

/** `undefined` as long as the commit hangs that came before. */
async function writeOne(
  tier: HighVolumeTier,
  id: ObjectId,
  row: InlineRow,
): Promise<'stored' | undefined> {
  try {
    const answer = await tier.putInline(id, row);
    assert.equal(answer, 'stored');
    return 'stored';
  } catch (error) {
    assert.ok(hasCode(error, 'TIER_UNAVAILABLE'), String(error));
    return turn();
  }
}
