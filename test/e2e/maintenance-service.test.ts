import assert from 'node:assert/strict';
import { startCluster, type Cluster } from '../support/cluster.js';
import { waitForRest } from '../support/cluster-rest.js';
import { withoutReaderGrace } from '../support/cluster-settings.js';
import { waitUntil } from '../support/cluster-wait.js';
import { failed, openLoaderClient, type LoaderClient } from '../support/loader-client.js';
import { chunksOf, finishOf, MiB, randomPayload } from '../support/loader-payloads.js';

const changeId = '01890000-0000-7000-8000-000000000000';
const objectId = { usecase: 'kept', key: 'large' };
const size = 2 * MiB;

describe('the maintenance service of the tiered store', () => {
  let cluster: Cluster;
  let store: LoaderClient;
  let blob: string;

  before(async () => {
    cluster = await startCluster({ tieredStore: withoutReaderGrace });
    store = openLoaderClient(cluster.tieredStore.address);
    const payload = randomPayload(size);
    const { revision } = await store.put({ objectId }, chunksOf(payload), finishOf(payload));
    blob = `kept/objects/large/${revision}`;
    await waitForRest(cluster, store, 1);
  });

  after(async () => {
    store.close();
    await cluster.close();
  });

  function call<Res extends object>(method: string, request: object): Promise<Res> {
    return store.unary<Res>(['maintenance', method], request);
  }

  it('lists blobs, and says of each that its row names it', async () => {
    const { blobs } = await call<{ blobs: readonly { name: string }[] }>('ListBlobs', {});
    assert.deepEqual(
      blobs.map(({ name }) => name),
      [blob],
    );
    const request = { blobs: [blob, 'no name of ours'], minAge: {} };
    const { results } = await call<{
      results: readonly { outcome?: { state: string }; error?: object }[];
    }>('ReclaimBlobs', request);
    assert.equal(results[0]?.outcome?.state, 'BLOB_STATE_LIVE');
    assert.ok(results[1]?.error !== undefined);
    assert.equal((await store.get({ objectId })).payload.length, size);
  });

  it('finds nothing to settle or to give up where nothing is pending', async () => {
    assert.deepEqual((await call<{ changes?: [] }>('ListChanges', {})).changes ?? [], []);
    const settled = await call<{
      results: readonly { settled?: { outcome: string }; change?: object }[];
    }>('SettleChange', { changeIds: [changeId] });
    assert.equal(settled.results[0]?.settled?.outcome, 'SETTLE_OUTCOME_ALREADY_RESOLVED');
    assert.equal(settled.results[0].change, undefined);
    const described = await call<{ usage?: []; pendingChanges?: number }>('DescribeStorage', {
      includeUnreferenced: true,
    });
    assert.deepEqual([described.usage ?? [], described.pendingChanges ?? 0], [[], 0]);
    const discarded = await call<{ results: readonly { discarded?: { change?: object } }[] }>(
      'DiscardChanges',
      { changeIds: [changeId], reason: 'a test' },
    );
    assert.ok(discarded.results[0]?.discarded !== undefined);
    assert.equal(discarded.results[0].discarded.change, undefined);
  });

  it('verifies what is stored and describes it', async () => {
    const verified = await call<{ verified: number; verifiedBytes: number; damage?: [] }>(
      'VerifyObjects',
      {},
    );
    assert.deepEqual([verified.verified, verified.verifiedBytes], [1, size]);
    assert.deepEqual(verified.damage ?? [], []);
    const described = await call<{
      highVolumeTier: string;
      longTermTier: string;
      usage: readonly { usecase: string; objects: number; blobBytes: number }[];
    }>('DescribeStorage', { includeUsage: true });
    const { highVolume, longTerm } = cluster.storage.kinds;
    assert.deepEqual([described.highVolumeTier, described.longTermTier], [highVolume, longTerm]);
    const [usage] = described.usage;
    assert.deepEqual([usage?.usecase, usage?.objects, usage?.blobBytes], ['kept', 1, size]);
  });

  it('removes what is left of expired objects', async () => {
    const expiring = { usecase: 'kept', key: 'expiring' };
    const metadata = { expiration: { ttl: { seconds: 1 } } };
    const payload = randomPayload(size);
    await store.put({ objectId: expiring, metadata }, chunksOf(payload), finishOf(payload));
    await waitUntil(
      'the object has expired',
      () => failed(store.get({ objectId: expiring })),
      ({ reason }) => reason === 'OBJECT_NOT_FOUND',
    );
    await call('ExpireObjects', {});
    await waitForRest(cluster, store, 1);
  });

  it('refuses lists that are too long, by the field', async () => {
    const blobs = Array.from({ length: 1_001 }, () => blob);
    assert.equal((await failed(call('ReclaimBlobs', { blobs }))).reason, 'INVALID_BATCH');
    assert.equal((await failed(call('ListBlobs', { pageSize: 1_001 }))).reason, 'INVALID_PAGE');
    assert.equal(
      (await failed(call('DiscardChanges', { changeIds: [changeId] }))).code,
      'INVALID_ARGUMENT',
    );
  });

  it('is not to be had at the gateway', async () => {
    const client = openLoaderClient(cluster.gateway.address);
    const request = client.unary(['maintenance', 'ListBlobs'], {});
    assert.equal((await failed(request)).code, 'UNIMPLEMENTED');
    client.close();
  });
});
