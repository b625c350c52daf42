import assert from 'node:assert/strict';
import { startCluster, type Cluster } from '../support/cluster.js';
import { waitForIdle, waitForRest } from '../support/cluster-rest.js';
import { withoutReaderGrace } from '../support/cluster-settings.js';
import { failed, openLoaderClient, type LoaderClient } from '../support/loader-client.js';
import { failureOfStatus } from '../support/loader-contract.js';
import type { BatchAnswer } from '../support/loader-messages.js';
import { KiB, MiB, randomPayload } from '../support/loader-payloads.js';

const messageBytesMax = 2 * MiB;
const metadataBytesMax = 8 * KiB;
/** Allowed for beside it, for what the protocol itself needs. */
const protocolBytesMax = KiB;
/** What a message has besides its chunk. */
const frameBytes = 64;

for (const name of ['gateway', 'tieredStore'] as const) {
  describe(`what is larger than the ${name} takes`, () => {
    let cluster: Cluster;
    let client: LoaderClient;
    let store: LoaderClient;

    before(async () => {
      cluster = await startCluster({ tieredStore: withoutReaderGrace });
      client = openLoaderClient(cluster[name].address);
      store = openLoaderClient(cluster.tieredStore.address);
    });

    after(async () => {
      client.close();
      store.close();
      await cluster.close();
    });

    // Whatever was refused, others do not notice, and nothing stays behind.
    afterEach(async () => {
      const objectId = { usecase: 'oversize', key: 'still alive' };
      await client.put({ objectId }, [Buffer.from('yes')], { size: 3 });
      assert.equal((await client.get({ objectId })).payload.toString(), 'yes');
      await waitForIdle(cluster, 'PutObject');
      await waitForRest(cluster, store, 0);
    });

    it('is a chunk of more than 2 MiB; one of almost 2 MiB is not', async () => {
      const put = (size: number) => {
        const chunk = randomPayload(size);
        const objectId = { usecase: 'oversize', key: 'chunk' };
        return client.put({ objectId }, [chunk], { size });
      };
      assert.equal((await failed(put(messageBytesMax + 1))).code, 'RESOURCE_EXHAUSTED');
      assert.equal((await failed(put(5 * MiB))).code, 'RESOURCE_EXHAUSTED');
      const stored = await put(messageBytesMax - frameBytes);
      assert.equal(stored.size, messageBytesMax - frameBytes);
      await client.unary(['object', 'DeleteObject'], { objectId: stored.objectId });
    });

    it('is a unary request of more than 2 MiB', async () => {
      const objectId = { usecase: 'oversize', key: 'k'.repeat(messageBytesMax) };
      const refused = await failed(client.unary(['object', 'HeadObject'], { objectId }));
      assert.equal(refused.code, 'RESOURCE_EXHAUSTED');
    });

    it('is metadata of more than 8 KiB', async () => {
      const head = (bytes: number) =>
        client.unary(
          ['object', 'HeadObject'],
          { objectId: { usecase: 'oversize', key: 'nothing' } },
          { metadata: { 'x-large': 'm'.repeat(bytes) } },
        );
      for (const bytes of [metadataBytesMax + protocolBytesMax, 10 * metadataBytesMax]) {
        assert.equal((await failed(head(bytes))).code, 'RESOURCE_EXHAUSTED', `${bytes} bytes`);
      }
      assert.equal((await failed(head(metadataBytesMax / 2))).code, 'NOT_FOUND');
    });

    it('is the payload of one operation beyond 1 MiB, and it fails alone', async () => {
      const call = client.openBatch();
      const operation = (index: number, size: number) => ({
        index,
        put: {
          header: { objectId: { usecase: 'oversize', key: `batch/${index}` } },
          payload: randomPayload(size),
        },
      });
      call.write({ operations: [operation(1, MiB + 1), operation(2, 10)] });
      call.end();
      const reasons = new Map<number, string | undefined>();
      for await (const { results = [] } of call as AsyncIterable<BatchAnswer>) {
        for (const { index = 0, error } of results) {
          reasons.set(index, error === undefined ? 'OK' : failureOfStatus(error).reason);
        }
      }
      assert.deepEqual(Object.fromEntries(reasons), { 1: 'PAYLOAD_TOO_LARGE', 2: 'OK' });
    });

    it('is a batch of more than 2 MiB or of more than a thousand operations', async () => {
      const many = Array.from({ length: 1_001 }, (_, index) => ({ index }));
      assert.equal((await failed(drain(client, many))).reason, 'INVALID_BATCH');
      const payload = randomPayload(MiB);
      const large = [1, 2, 3].map((index) => ({
        index,
        put: { header: { objectId: { usecase: 'oversize', key: `${index}` } }, payload },
      }));
      assert.equal((await failed(drain(client, large))).code, 'RESOURCE_EXHAUSTED');
    });
  });
}

async function drain(client: LoaderClient, operations: readonly object[]): Promise<void> {
  const call = client.openBatch();
  call.write({ operations });
  call.end();
  await call.toArray();
}
