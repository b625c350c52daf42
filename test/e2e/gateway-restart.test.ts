import { createClient, HoldfastError, type Client } from '@holdfast/client';
import assert from 'node:assert/strict';
import { startCluster, type Cluster } from '../support/cluster.js';
import { waitForRest } from '../support/cluster-rest.js';
import { withSoonRecovery } from '../support/cluster-settings.js';
import { waitUntil } from '../support/cluster-wait.js';
import { openLoaderClient } from '../support/loader-client.js';
import { KiB, MiB, randomPayload } from '../support/loader-payloads.js';

const workers = 16;
const operationsBetweenRestarts = 90;
const sizes = [0, 100, 40 * KiB, 300 * KiB, MiB, 3 * MiB];

describe('a gateway that is started again while the client library works', function () {
  this.timeout(120_000);
  let cluster: Cluster;
  let client: Client;

  before(async () => {
    cluster = await startCluster({ tieredStore: withSoonRecovery });
    client = createClient({ address: cluster.gateway.address });
  });

  after(async () => {
    await client.close();
    await cluster.close();
  });

  it('fails nothing that could be repeated, and loses nothing', async () => {
    const stopping = new AbortController();
    const large = new Set<string>();
    let done = 0;

    async function work(worker: number): Promise<void> {
      for (let step = worker; !stopping.signal.aborted; step += 1) {
        const key = `${worker}/${step % 7}`;
        const id = { usecase: 'restarted', key };
        const payload = randomPayload(sizes[step % sizes.length] ?? 0);
        const { revision } = await client.put(id, payload);
        const { info, ...download } = await client.get(id);
        assert.equal(info.revision, revision);
        assert.ok(payload.equals(await download.bytes()), key);
        large.delete(key);
        if (step % 5 === 0) await client.delete(id);
        else if (payload.length > MiB) large.add(key);
        done += 3;
      }
    }

    const working = Promise.all(
      Array.from({ length: workers }, (_, worker) =>
        work(worker).catch((error: unknown) => {
          throw new Error(`worker ${worker} failed: ${describeFailure(error)}`, { cause: error });
        }),
      ),
    );
    // Whoever fails is told of at the end.
    working.catch(() => stopping.abort());
    const moreDone = async (): Promise<void> => {
      const wanted = done + operationsBetweenRestarts;
      await waitUntil(
        `${wanted} operations are done`,
        () => done,
        (count) => count >= wanted || stopping.signal.aborted,
        30_000,
      );
    };
    for (const end of ['terminate', 'kill', 'terminate'] as const) {
      await moreDone();
      await cluster.gateway[end]();
      await cluster.gateway.start();
    }
    await moreDone();
    stopping.abort();
    await working;

    const store = openLoaderClient(cluster.tieredStore.address);
    await waitForRest(cluster, store, large.size);
    store.close();
  });
});

function describeFailure(error: unknown): string {
  if (!(error instanceof HoldfastError)) return String(error);
  return `${error.code} ${error.reason} ${error.message}`;
}
