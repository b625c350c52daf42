import assert from 'node:assert/strict';
import { startCluster, type Cluster } from '../support/cluster.js';
import { callsInFlight, waitForIdle, waitForRest } from '../support/cluster-rest.js';
import { withoutReaderGrace } from '../support/cluster-settings.js';
import { waitUntil } from '../support/cluster-wait.js';
import { openLoaderClient, type LoaderClient } from '../support/loader-client.js';
import { failureOf } from '../support/loader-contract.js';
import { chunksOf, finishOf, KiB, MiB, randomPayload } from '../support/loader-payloads.js';

const streams = 500;
const connections = 4;
const smallPayload = randomPayload(64 * KiB);
const largePayload = randomPayload(MiB + 64 * KiB);

describe('five hundred streams at once', function () {
  this.timeout(180_000);
  let cluster: Cluster;
  let clients: LoaderClient[];
  let store: LoaderClient;

  before(async () => {
    cluster = await startCluster({ tieredStore: withoutReaderGrace });
    clients = Array.from({ length: connections }, () => openLoaderClient(cluster.gateway.address));
    store = openLoaderClient(cluster.tieredStore.address);
  });

  after(async () => {
    for (const client of [...clients, store]) client.close();
    await cluster.close();
  });

  function clientOf(stream: number): LoaderClient {
    const client = clients[stream % connections];
    assert.ok(client !== undefined);
    return client;
  }

  it('are open together, and each comes to its end', async () => {
    const uploads = Array.from({ length: streams }, (_, stream) => clientOf(stream).openUpload());
    for (const [stream, upload] of uploads.entries()) {
      await upload.send({ header: { objectId: { usecase: 'many', key: `open/${stream}` } } });
      await upload.send({ chunk: smallPayload });
    }
    await waitUntil(
      'all are open',
      () => callsInFlight(cluster.gateway, 'PutObject'),
      (calls) => calls === streams,
    );
    for (const upload of uploads) {
      await upload.send({ finish: finishOf(smallPayload) });
      upload.call.end();
    }
    const answers = await Promise.all(uploads.map(({ answer }) => answer));
    assert.ok(answers.every(({ crc32c }) => crc32c === finishOf(smallPayload).crc32c));
    await waitForIdle(cluster, 'PutObject');
  });

  it('upload and download more than fits into the table, and nothing is mixed up', async () => {
    const stored = new Set<string>();
    const put = async (stream: number): Promise<void> => {
      const objectId = { usecase: 'many', key: `large/${stream}` };
      await repeatAtCapacity(() =>
        clientOf(stream).put({ objectId }, chunksOf(largePayload), finishOf(largePayload)),
      );
      stored.add(objectId.key);
    };
    const get = async (stream: number): Promise<void> => {
      const objectId = { usecase: 'many', key: `open/${stream}` };
      const { payload } = await repeatAtCapacity(() => clientOf(stream).get({ objectId }));
      assert.ok(payload.equals(smallPayload));
    };
    const half = Array.from({ length: streams / 2 }, (_, stream) => stream);
    await Promise.all(half.flatMap((stream) => [put(stream), get(stream)]));
    assert.equal(stored.size, streams / 2);
    await waitForRest(cluster, store, streams / 2);

    const reads = half.map((stream) =>
      repeatAtCapacity(() =>
        clientOf(stream).get({ objectId: { usecase: 'many', key: `large/${stream}` } }),
      ),
    );
    for (const { payload } of await Promise.all(reads)) assert.ok(payload.equals(largePayload));
  });
});

const attemptsMax = 50;

/** As the contract asks of a client that is told to come again. */
async function repeatAtCapacity<T>(call: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await call();
    } catch (error) {
      const failure = failureOf(error);
      const { retryAfterMs } = failure;
      if (retryAfterMs === undefined || attempt === attemptsMax) {
        throw new Error(JSON.stringify(failure), { cause: error });
      }
      await new Promise((resolve) => {
        setTimeout(resolve, retryAfterMs);
      });
    }
  }
}
