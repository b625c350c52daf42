import { maintenance } from '@holdfast/contracts';
import { blobNameOf, limits, type ListedBlob } from '@holdfast/domain';
import { createRowFixtures } from '@holdfast/testkit';
import assert from 'node:assert/strict';
import { createListBlobs } from '../../../services/tiered-store/src/maintenance/list-blobs.js';
import { createListedBlobs } from '../../../services/tiered-store/src/maintenance/listed-blobs.js';
import { createReclaimBlobs } from '../../../services/tiered-store/src/maintenance/reclaim-blobs.js';
import { large } from '../../support/engine/payloads.js';
import { placeOrphan } from '../../support/engine/reclaiming.js';
import { arrange } from '../../support/engine/situations.js';
import { idOf, useStore } from '../../support/engine/store-under-test.js';
import { callContext, dependenciesOf } from '../../support/maintenance.js';
import { openMemoryTiers } from '../../support/memory-tiers.js';

const { BlobState } = maintenance;

describe('A dry run of reclaiming the blobs of a listing', () => {
  const store = useStore(openMemoryTiers);

  /** Lists all blobs, and answers how a dry run about them ends, and which of them it reads. */
  async function listAndAsk(between: () => Promise<unknown> = async () => undefined) {
    const dependencies = dependenciesOf(store());
    const list = createListBlobs(dependencies);
    const { blobs } = await list({ pageSize: 0, pageToken: '' }, callContext());
    await between();
    const read: string[] = [];
    const unhook = store().longTerm.hook('head', { before: (name) => void read.push(name) });
    const names = blobs.map(({ name }) => name);
    const ask = createReclaimBlobs(dependencies);
    const state = async () => {
      const request = { blobs: names, minAge: undefined, dryRun: true };
      const { results } = await ask(request, callContext());
      const states = results.map(({ blob, result }) => {
        assert(result?.$case === 'outcome');
        return [blob, result.value.state] as const;
      });
      return new Map(states);
    };
    const first = await state();
    const readAtFirst = [...read];
    const second = await state();
    unhook();
    return { first, readAtFirst, second, readInAll: read.length };
  }

  it('reads only those again that nothing keeps', async () => {
    const live = (await arrange(store(), idOf('live'), 'large', 1)) ?? assert.fail();
    await store().atRest();
    const orphan = await placeOrphan(store(), 'orphan');
    store().clock.advance(limits.orphanAgeMsMin);
    const young = await placeOrphan(store(), 'young');
    const { first, readAtFirst } = await listAndAsk();
    assert.equal(first.get(live), BlobState.LIVE);
    assert.equal(first.get(orphan), BlobState.RECLAIMABLE);
    assert.equal(first.get(young), BlobState.YOUNG);
    assert.deepEqual(readAtFirst, [orphan]);
  });

  it('tells that one has gone since then', async () => {
    const orphan = await placeOrphan(store(), 'orphan');
    store().clock.advance(limits.orphanAgeMsMin);
    const { first } = await listAndAsk(() => store().tiers.longTerm.remove(orphan));
    assert.equal(first.get(orphan), BlobState.ABSENT);
  });

  it('goes by a listing once', async () => {
    await store().store(idOf('live'), large());
    await store().atRest();
    store().clock.advance(limits.orphanAgeMsMin);
    const { first, readAtFirst, second, readInAll } = await listAndAsk();
    assert.deepEqual(second, first);
    assert.deepEqual([readAtFirst.length, readInAll], [0, 1]);
  });

  it('remembers what was listed twice as one', () => {
    const listed = createListedBlobs();
    const blob = blobOf('twice');
    listed.remember([blob]);
    listed.remember([blob]);
    assert.deepEqual(listed.take(blob.name), blob);
    assert.equal(listed.take(blob.name), undefined);
  });

  it('forgets the listings of long ago, and those that all was asked about', () => {
    const listed = createListedBlobs();
    const blobs = Array.from({ length: 100 }, (_, page) => blobOf(`page-${page}`));
    for (const [page, blob] of blobs.entries()) listed.remember([blob, blobOf(`beside-${page}`)]);
    const known = blobs.filter(({ name }) => listed.take(name) !== undefined);
    assert.deepEqual(known, blobs.slice(-known.length));
    assert(known.length > 0 && known.length < 20);
  });

  function blobOf(key: string): ListedBlob {
    const { clock } = store();
    const { revision } = createRowFixtures(clock).metadata();
    return { name: blobNameOf(idOf(key), revision), size: 1, timeCreated: clock.now() };
  }
});
