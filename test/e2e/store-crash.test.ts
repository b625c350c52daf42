import assert from 'node:assert/strict';
import { startCluster, type Cluster } from '../support/cluster.js';
import { startLoad, type Load } from '../support/cluster-load.js';
import { waitForRest } from '../support/cluster-rest.js';
import { withSoonRecovery } from '../support/cluster-settings.js';
import { waitUntil } from '../support/cluster-wait.js';
import { openLoaderClient, type LoaderClient } from '../support/loader-client.js';

const crashes = 4;
const writesBetweenCrashes = 60;

describe('a tiered store that is killed under load and started again', function () {
  this.timeout(180_000);
  let cluster: Cluster;
  let client: LoaderClient;
  let store: LoaderClient;

  before(async () => {
    cluster = await startCluster({ tieredStore: withSoonRecovery });
    client = openLoaderClient(cluster.gateway.address);
    store = openLoaderClient(cluster.tieredStore.address);
  });

  after(async () => {
    client.close();
    store.close();
    await cluster.close();
  });

  it('has lost nothing that was acknowledged, and leaves nothing behind', async () => {
    const load = startLoad(client, { writers: 8, keysPerWriter: 6 });
    try {
      for (let crash = 0; crash < crashes; crash += 1) {
        await moreWrites(load);
        await cluster.tieredStore.kill();
        await cluster.tieredStore.start();
      }
      await moreWrites(load);
    } finally {
      await load.stop();
    }
    assert.ok(load.failures.length > 0, 'the crashes came while calls ran');
    // Callers saw what the contract tells them to expect, and only because of the crashes.
    const codes = new Set(load.failures.map(({ code }) => code));
    assert.ok(
      [...codes].every((code) => code === 'UNAVAILABLE' || code === 'ABORTED'),
      JSON.stringify(load.failures.slice(0, 10)),
    );
    await load.verify(client);

    // What was cut off in the middle is removed when it has lain there for a while.
    await cluster.tieredStore.kill();
    await cluster.ageBrokenUploads();
    await cluster.tieredStore.start();
    const large = await load.verify(store);
    await waitForRest(cluster, store, large);
    assert.equal(await load.verify(client), large);
  });
});

async function moreWrites(load: Load): Promise<void> {
  const wanted = load.acknowledged() + writesBetweenCrashes;
  await waitUntil(
    `${wanted} writes are acknowledged`,
    load.acknowledged,
    (count) => count >= wanted,
  );
}
