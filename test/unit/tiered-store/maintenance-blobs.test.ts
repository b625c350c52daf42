import { status } from '@grpc/grpc-js';
import { maintenance, type Duration } from '@holdfast/contracts';
import { limits, parseBlobName } from '@holdfast/domain';
import assert from 'node:assert/strict';
import { createListBlobs } from '../../../services/tiered-store/src/maintenance/list-blobs.js';
import { createReclaimBlobs } from '../../../services/tiered-store/src/maintenance/reclaim-blobs.js';
import { failNext, holdNext } from '../../support/engine/hold.js';
import { large, largeBytes } from '../../support/engine/payloads.js';
import { placeOrphan } from '../../support/engine/reclaiming.js';
import { arrange, unavailable } from '../../support/engine/situations.js';
import { idOf, useStore } from '../../support/engine/store-under-test.js';
import { assertRefused, callContext, dependenciesOf, errorOf } from '../../support/maintenance.js';
import { openMemoryTiers } from '../../support/memory-tiers.js';

const { BlobState } = maintenance;
const size = BigInt(largeBytes);

function seconds(whole: bigint, nanos = 0): Duration {
  return { seconds: whole, nanos };
}

describe('ListBlobs', () => {
  const store = useStore(openMemoryTiers);

  it('lists blobs with what their names say, and what is none', async () => {
    const name = await placeOrphan(store(), 'a');
    store().tiers.longTerm.addForeign('lost+found', 'it is a directory');
    const list = createListBlobs(dependenciesOf(store()));
    const page = await list({ pageSize: 0, pageToken: '' }, callContext());
    const { usecase, scopes, key } = idOf('a');
    assert.deepEqual(page, {
      blobs: [
        {
          name,
          objectId: { usecase, scopes, key },
          revision: parseBlobName(name)?.revision,
          size,
          timeCreated: new Date(store().clock.now()),
        },
      ],
      undecided: [{ where: 'lost+found', why: 'it is a directory' }],
      nextPageToken: '',
    });
  });

  it('goes on with its token, and refuses another one', async () => {
    for (const key of ['a', 'b', 'c']) await placeOrphan(store(), key);
    const list = createListBlobs(dependenciesOf(store()));
    const first = await list({ pageSize: 2, pageToken: '' }, callContext());
    const rest = await list({ pageSize: 2, pageToken: first.nextPageToken }, callContext());
    assert.deepEqual([first.blobs.length, rest.blobs.length, rest.nextPageToken], [2, 1, '']);
    const wrong = list({ pageSize: 2, pageToken: first.nextPageToken.slice(8) }, callContext());
    await assert.rejects(wrong, { code: 'INVALID_PAGE', message: /^page_token/ });
    const tooLarge = list({ pageSize: 1_001, pageToken: '' }, callContext());
    await assert.rejects(tooLarge, { code: 'INVALID_PAGE', message: /^page_size/ });
  });
});

describe('ReclaimBlobs', () => {
  const store = useStore(openMemoryTiers);

  async function reclaim(more: Partial<maintenance.ReclaimBlobsRequest>) {
    const request = { blobs: [], minAge: undefined, dryRun: false, ...more };
    const { results } = await createReclaimBlobs(dependenciesOf(store()))(request, callContext());
    return results;
  }

  function outcome(blob: string, state: maintenance.BlobState, bytes = size) {
    return { blob, result: { $case: 'outcome', value: { blob, state, size: bytes } } };
  }

  it('answers each blob by itself, in the order of the request', async () => {
    const live = (await arrange(store(), idOf('live'), 'large', 1)) ?? assert.fail();
    await store().atRest();
    const failing = await placeOrphan(store(), 'failing');
    const orphan = await placeOrphan(store(), 'orphan');
    store().clock.advance(limits.orphanAgeMsMin);
    const young = await placeOrphan(store(), 'young');
    const commit = holdNext(store().highVolume, 'commit');
    const writing = store().put(idOf('written'), large());
    await commit.reached;
    const owned = (await store().changes()).at(-1)?.newBlob ?? assert.fail();
    const gone = orphan.replace('/orphan/', '/gone/');
    const unhook = store().highVolume.hook('fence', {
      before: (id) => {
        if (id.key === 'failing') throw unavailable();
      },
    });
    const blobs = [young, 'no blob', live, gone, failing, orphan, ''];
    const results = await reclaim({ blobs });
    unhook();
    assert.deepEqual(
      results.map(({ blob }) => blob),
      blobs,
    );
    assert.deepEqual(results[0], outcome(young, BlobState.YOUNG));
    assert.deepEqual(results[2], outcome(live, BlobState.LIVE));
    assert.deepEqual(results[3], outcome(gone, BlobState.ABSENT, 0n));
    assert.deepEqual(results[5], outcome(orphan, BlobState.AWAITING_READERS));
    const unavailableError = errorOf(results[4]?.result);
    assert.equal(unavailableError.reason, 'TIER_UNAVAILABLE');
    for (const index of [1, 6]) {
      const error = errorOf(results[index]?.result);
      assert.deepEqual([error.code, error.reason], [status.INVALID_ARGUMENT, 'INVALID_BLOB_NAME']);
      assert.equal(error.violations[0]?.field, `blobs[${index}]`);
    }
    const minAge = seconds(0n);
    assert.deepEqual(await reclaim({ blobs: [owned], minAge }), [outcome(owned, BlobState.OWNED)]);
    commit.release();
    await writing;
  });

  it('says as a dry run what keeps a page of blobs, and deletes what nothing keeps', async () => {
    const live = (await arrange(store(), idOf('live'), 'large', 1)) ?? assert.fail();
    await store().atRest();
    const orphan = await placeOrphan(store(), 'orphan');
    store().clock.advance(limits.orphanAgeMsMin);
    const blobs = [live, orphan];
    assert.deepEqual(await reclaim({ blobs, dryRun: true }), [
      outcome(live, BlobState.LIVE),
      outcome(orphan, BlobState.RECLAIMABLE),
    ]);
    assert.equal((await store().holdings()).blobs.length, 2);
    const engine = store().anotherEngine({ readerGraceMs: 0 });
    const request = { blobs, minAge: undefined, dryRun: false };
    const now = createReclaimBlobs({ ...dependenciesOf(store()), engine });
    assert.deepEqual((await now(request, callContext())).results, [
      outcome(live, BlobState.LIVE),
      outcome(orphan, BlobState.DELETED),
    ]);
    assert.deepEqual((await store().holdings()).blobs, [live]);
  });

  it('takes 24 hours for the age where none is given, and any that is', async () => {
    const orphan = await placeOrphan(store(), 'orphan');
    const state = async (minAge: Duration | undefined) => {
      const [result] = await reclaim({ blobs: [orphan], minAge, dryRun: true });
      assert(result?.result?.$case === 'outcome');
      return result.result.value.state;
    };
    store().clock.advance(limits.orphanAgeMsMin - 1);
    assert.equal(await state(undefined), BlobState.YOUNG);
    assert.equal(await state(seconds(86_399n, 999_000_000)), BlobState.RECLAIMABLE);
    assert.equal(await state(seconds(86_399n, 999_000_001)), BlobState.YOUNG);
    assert.equal(await state(seconds(0n)), BlobState.RECLAIMABLE);
  });

  it('refuses no blobs, too many, and an age that is none', async () => {
    const orphan = await placeOrphan(store(), 'orphan');
    const tooMany = Array.from({ length: 1_001 }, () => orphan);
    for (const blobs of [[], tooMany]) {
      await assertRefused(reclaim({ blobs }), 'INVALID_BATCH', 'blobs');
    }
    for (const minAge of [seconds(-1n), seconds(0n, -1), seconds(1n, -1), seconds(0n, 2e9)]) {
      await assertRefused(reclaim({ blobs: [orphan], minAge }), 'INVALID_LIMIT', 'min_age');
    }
  });

  it('reclaims a blob once that is named often', async () => {
    const orphan = await placeOrphan(store(), 'orphan');
    store().clock.advance(limits.orphanAgeMsMin);
    const blobs = Array.from({ length: 200 }, () => orphan);
    for (const { result } of await reclaim({ blobs })) {
      assert(result?.$case === 'outcome');
      const { state } = result.value;
      assert(state === BlobState.AWAITING_READERS || state === BlobState.OWNED);
    }
    const { changes } = await store().holdings();
    assert.equal(changes.length, 1);
    await store().cleanUp();
    assert.deepEqual(await store().holdings(), { blobs: [], changes: [] });
  });

  it('begins nothing any more once its caller has gone', async () => {
    const orphan = await placeOrphan(store(), 'orphan');
    store().clock.advance(limits.orphanAgeMsMin);
    const gone = new Error('gone');
    const request = { blobs: [orphan], minAge: undefined, dryRun: false };
    const reclaiming = createReclaimBlobs(dependenciesOf(store()));
    await assert.rejects(reclaiming(request, callContext(AbortSignal.abort(gone))), gone);
    assert.deepEqual(await store().holdings(), { blobs: [orphan], changes: [] });
  });

  it('keeps a blob that cannot be looked at', async () => {
    const orphan = await placeOrphan(store(), 'orphan');
    failNext(store().longTerm, 'head', unavailable());
    const [result] = await reclaim({ blobs: [orphan], minAge: seconds(0n) });
    assert.equal(errorOf(result?.result).reason, 'TIER_UNAVAILABLE');
    assert.deepEqual(await store().holdings(), { blobs: [orphan], changes: [] });
  });
});
