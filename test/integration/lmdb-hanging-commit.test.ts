import { hasCode } from '@holdfast/domain';
import { systemClock } from '@holdfast/service-kit';
import { createRowFixtures } from '@holdfast/testkit';
import assert from 'node:assert/strict';
import { startChild, type Child } from '../support/child-process.js';
import { openTemporaryLmdbStore, withLmdbStore } from '../support/lmdb-store.js';

const holder = new URL('../support/lmdb-hold-lock.ts', import.meta.url);
const commitMsMax = 50;

describe('an LMDB store whose write lock another process keeps', () => {
  let child: Child | undefined;

  afterEach(() => child?.kill());

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
