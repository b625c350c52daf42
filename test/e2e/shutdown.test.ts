import assert from 'node:assert/strict';
import { startCluster, type Cluster } from '../support/cluster.js';
import { startLoad } from '../support/cluster-load.js';
import { callsInFlight, waitForRest } from '../support/cluster-rest.js';
import { drainingFor, withSoonRecovery } from '../support/cluster-settings.js';
import { waitUntil } from '../support/cluster-wait.js';
import { failed, openLoaderClient, type LoaderClient } from '../support/loader-client.js';
import { chunksOf, finishOf, MiB, randomPayload } from '../support/loader-payloads.js';

const drainMs = 10_000;
const shortDrainMs = 500;

for (const name of ['gateway', 'tieredStore'] as const) {
  describe(`a ${name} that is asked to end`, function () {
    this.timeout(120_000);
    let cluster: Cluster;
    let client: LoaderClient;

    beforeEach(async () => {
      cluster = await startCluster({
        settings: drainingFor(drainMs),
        tieredStore: withSoonRecovery,
      });
      client = openLoaderClient(cluster.gateway.address);
    });

    afterEach(async () => {
      client.close();
      await cluster.close();
    });

    it('lets uploads and downloads that run come to their end, and ends well', async () => {
      const payload = randomPayload(32 * MiB);
      const stored = { usecase: 'shutdown', key: 'stored' };
      await client.put({ objectId: stored }, chunksOf(payload), finishOf(payload));
      const download = client.openDownload({ objectId: stored });
      const upload = client.openUpload();
      await upload.send({ header: { objectId: { usecase: 'shutdown', key: 'running' } } });
      const [first, ...rest] = chunksOf(payload);
      await upload.send({ chunk: first ?? Buffer.alloc(0) });
      for (const chunk of rest.splice(0, rest.length / 2)) await upload.send({ chunk });
      for (const method of ['PutObject', 'GetObject']) {
        await waitUntil(
          `${method} runs`,
          () => callsInFlight(cluster[name], method),
          (calls) => calls === 1,
        );
      }

      const ended = cluster[name].terminate();
      await waitUntil(
        'it is not ready any more',
        async () => (await fetch(`${cluster[name].httpUrl}/readyz`)).status,
        (status) => status === 503,
      );
      for (const chunk of rest) await upload.send({ chunk });
      await upload.send({ finish: finishOf(payload) });
      upload.call.end();
      const answer = await upload.answer;
      assert.equal(answer.crc32c, finishOf(payload).crc32c);
      const read: Buffer[] = [];
      for await (const { chunk } of download as AsyncIterable<{ chunk?: Buffer }>) {
        if (chunk !== undefined) read.push(chunk);
      }
      assert.ok(Buffer.concat(read).equals(payload));
      assert.deepEqual(await ended, { code: 0, signal: null });
    });

    it('under load fails only what may be repeated, and a second start finds everything', async () => {
      const load = startLoad(client, { writers: 8, keysPerWriter: 5 });
      try {
        await waitUntil('the load runs', load.acknowledged, (count) => count >= 100);
        assert.deepEqual(await cluster[name].terminate(), { code: 0, signal: null });
        await cluster[name].start();
        const wanted = load.acknowledged() + 50;
        await waitUntil('the load goes on', load.acknowledged, (count) => count >= wanted);
      } finally {
        await load.stop();
      }
      assert.ok(
        load.failures.every(({ code }) => code === 'UNAVAILABLE' || code === 'ABORTED'),
        JSON.stringify(load.failures.slice(0, 10)),
      );
      const store = openLoaderClient(cluster.tieredStore.address);
      const large = await load.verify(client);
      await waitForRest(cluster, store, large);
      store.close();
    });

    it('does not wait for ever for a caller that does nothing', async () => {
      await cluster[name].terminate();
      await cluster[name].start(drainingFor(shortDrainMs));
      const upload = client.openUpload();
      await upload.send({ header: { objectId: { usecase: 'shutdown', key: 'idle' } } });
      const batch = client.openBatch();
      const batchEnded = failed(batch.toArray());
      await waitUntil(
        'the upload runs',
        () => callsInFlight(cluster.gateway, 'PutObject'),
        (calls) => calls === 1,
      );
      const startedAt = performance.now();
      const { code } = await cluster[name].terminate();
      assert.ok(performance.now() - startedAt < shortDrainMs + 5_000);
      assert.equal(code, 0);
      if (name === 'gateway') {
        assert.equal((await failed(upload.answer)).code, 'UNAVAILABLE');
        assert.equal((await batchEnded).reason, 'SHUTTING_DOWN');
      } else {
        upload.call.cancel();
        batch.end();
      }
    });
  });
}

describe('a second start on the same data', () => {
  it('finds everything, all the more after an orderly end', async () => {
    const cluster = await startCluster({ tieredStore: withSoonRecovery });
    const client = openLoaderClient(cluster.gateway.address);
    try {
      const payloads = new Map<string, Buffer>();
      for (const size of [0, 1, MiB, MiB + 1, 10 * MiB]) {
        const payload = randomPayload(size);
        const objectId = { usecase: 'restart', key: String(size) };
        await client.put({ objectId }, chunksOf(payload), finishOf(payload));
        payloads.set(objectId.key, payload);
      }
      assert.equal((await cluster.gateway.terminate()).code, 0);
      assert.equal((await cluster.tieredStore.terminate()).code, 0);
      await cluster.tieredStore.start();
      await cluster.gateway.start();
      for (const [key, payload] of payloads) {
        const read = await client.get({ objectId: { usecase: 'restart', key } });
        assert.ok(read.payload.equals(payload), key);
      }
    } finally {
      client.close();
      await cluster.close();
    }
  });
});
