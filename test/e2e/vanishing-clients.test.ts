import assert from 'node:assert/strict';
import { startChild } from '../support/child-process.js';
import { startCluster, type Cluster } from '../support/cluster.js';
import { callsInFlight, waitForIdle, waitForRest } from '../support/cluster-rest.js';
import { withoutReaderGrace } from '../support/cluster-settings.js';
import { waitUntil } from '../support/cluster-wait.js';
import { failed, openLoaderClient, type LoaderClient } from '../support/loader-client.js';
import { chunksOf, finishOf, KiB, MiB, randomPayload } from '../support/loader-payloads.js';

const uploader = new URL('../support/cluster-upload-child.ts', import.meta.url);
const largeBytes = 12 * MiB;
/** The store gathers what it writes, so that what is stored lags behind. */
const unwrittenBytesMax = 4 * MiB;

const stages = [
  { when: 'after the header', bytes: 0 },
  { when: 'after the first chunk', bytes: 256 * KiB },
  { when: 'at the threshold of the table', bytes: MiB },
  { when: 'one byte beyond the threshold', bytes: MiB + 1 },
  { when: 'in the middle of a large payload', bytes: largeBytes / 2 },
  { when: 'after the last chunk, before the finish', bytes: largeBytes },
] as const;

describe('a client that is killed while it uploads', () => {
  let cluster: Cluster;
  let store: LoaderClient;

  before(async () => {
    cluster = await startCluster({ tieredStore: withoutReaderGrace });
    store = openLoaderClient(cluster.tieredStore.address);
  });

  after(async () => {
    store.close();
    await cluster.close();
  });

  for (const name of ['gateway', 'tieredStore'] as const) {
    for (const { when, bytes } of stages) {
      it(`commits nothing and leaves nothing: ${when}, to the ${name}`, async () => {
        const service = cluster[name];
        const key = `${name}/${bytes}`;
        const child = startChild(uploader, [service.address, key, String(bytes)]);
        try {
          assert.equal(await child.nextLine(), 'sent');
          await waitUntil(
            'the upload runs',
            () => callsInFlight(service, 'PutObject'),
            (calls) => calls === 1,
          );
          if (bytes > 2 * unwrittenBytesMax)
            await waitForPayload(cluster, bytes - unwrittenBytesMax);
        } finally {
          await child.kill();
        }
        await waitForIdle(cluster, 'PutObject');
        await waitForRest(cluster, store, 0);
        const objectId = { usecase: 'vanishing', key };
        assert.equal((await failed(store.get({ objectId }))).code, 'NOT_FOUND');
      });
    }
  }

  it('leaves what was there as it was', async () => {
    const key = 'overwritten';
    const objectId = { usecase: 'vanishing', key };
    const payload = randomPayload(3 * MiB);
    const stored = await store.put({ objectId }, chunksOf(payload), finishOf(payload));
    const child = startChild(uploader, [cluster.gateway.address, key, String(largeBytes)]);
    try {
      assert.equal(await child.nextLine(), 'sent');
      await waitForPayload(cluster, payload.length + 1);
    } finally {
      await child.kill();
    }
    await waitForIdle(cluster, 'PutObject');
    await waitForRest(cluster, store, 1);
    const { header, payload: read } = await store.get({ objectId });
    assert.equal(header.object.revision, stored.revision);
    assert.ok(read.equals(payload));
  });
});

/** Waits until the store has written so much of a blob. */
async function waitForPayload(cluster: Cluster, bytesMin: number): Promise<void> {
  await waitUntil(
    `a payload of ${bytesMin} bytes`,
    async () => {
      const sizes = (await cluster.payloads()).map(({ bytes }) => bytes);
      return Math.max(0, ...sizes);
    },
    (size) => size >= bytesMin,
  );
}
