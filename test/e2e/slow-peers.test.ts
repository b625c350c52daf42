import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { startCluster, type Cluster } from '../support/cluster.js';
import { metric } from '../support/cluster-metrics.js';
import { waitForIdle, waitForRest } from '../support/cluster-rest.js';
import { stallingAfter, withoutReaderGrace } from '../support/cluster-settings.js';
import { waitUntil } from '../support/cluster-wait.js';
import { failed, openLoaderClient, type LoaderClient } from '../support/loader-client.js';
import type { BatchAnswer, GetAnswer, IdMessage } from '../support/loader-messages.js';
import { chunksOf, finishOf, KiB, MiB, randomPayload } from '../support/loader-payloads.js';

const stallMs = 2_000;
/** Far less than a stall, so that a busy machine adds none, and all of them are more. */
const trickleMs = 150;
const trickles = 16;
const smallWindow = { 'grpc-node.flow_control_window': 64 * KiB };

for (const name of ['gateway', 'tieredStore'] as const) {
  describe(`a slow peer of the ${name}`, function () {
    this.timeout(120_000);
    let cluster: Cluster;
    let client: LoaderClient;
    let store: LoaderClient;

    before(async () => {
      // Only the one that is tested is impatient, so that it is seen to be it.
      const impatient = { gateway: {}, tieredStore: {}, [name]: stallingAfter(stallMs) };
      const tieredStore = { ...impatient.tieredStore, ...withoutReaderGrace };
      cluster = await startCluster({ gateway: impatient.gateway, tieredStore });
      // A small window, so that what is not read is soon felt by who sends it.
      client = openLoaderClient(cluster[name].address, undefined, smallWindow);
      store = openLoaderClient(cluster.tieredStore.address);
    });

    after(async () => {
      client.close();
      store.close();
      await cluster.close();
    });

    async function put(objectId: IdMessage, size: number): Promise<Buffer> {
      const payload = randomPayload(size);
      await store.put({ objectId }, chunksOf(payload), finishOf(payload));
      return payload;
    }

    async function remove(objectId: IdMessage): Promise<void> {
      await store.unary(['object', 'DeleteObject'], { objectId });
      await waitForRest(cluster, store, 0);
    }

    async function waitForPermits(): Promise<void> {
      await waitUntil(
        'all permits are given back',
        () => metric(cluster.tieredStore, 'holdfast_operations_in_flight'),
        (permits) => permits === 0,
      );
    }

    for (const pieceBytes of [1, 200 * KiB]) {
      it(`may trickle for longer than a stall while it writes: ${pieceBytes} bytes at a time`, async () => {
        const payload = randomPayload(trickles * pieceBytes);
        const objectId = { usecase: 'slow', key: `trickle/${pieceBytes}` };
        await client.put({ objectId }, trickling(payload, pieceBytes), finishOf(payload));
        assert.ok((await store.get({ objectId })).payload.equals(payload));
        await remove(objectId);
      });
    }

    it('may read slowly for longer than a stall', async () => {
      const objectId = { usecase: 'slow', key: 'reader' };
      const payload = await put(objectId, 8 * MiB);
      const chunks: Buffer[] = [];
      const download = client.openDownload({ objectId });
      for await (const { chunk } of download as AsyncIterable<GetAnswer>) {
        if (chunk === undefined) continue;
        chunks.push(chunk);
        if (chunks.length <= trickles) await pause(trickleMs);
      }
      assert.ok(Buffer.concat(chunks).equals(payload));
      await waitForPermits();
      await remove(objectId);
    });

    for (const [when, bytes] of [
      ['after its header', 0],
      ['below the threshold', 100 * KiB],
      ['beyond the threshold', 5 * MiB],
    ] as const) {
      it(`is ended when it stops writing ${when}, and nothing is left of it`, async () => {
        const upload = client.openUpload();
        await upload.send({ header: { objectId: { usecase: 'slow', key: 'stalled' } } });
        for (const chunk of chunksOf(randomPayload(bytes))) await upload.send({ chunk });
        const startedAt = performance.now();
        const { code, reason } = await failed(upload.answer);
        assert.deepEqual([code, reason], ['DEADLINE_EXCEEDED', 'STREAM_STALLED']);
        const waitedMs = performance.now() - startedAt;
        assert.ok(waitedMs > stallMs / 2, `${waitedMs} ms`);
        await waitForIdle(cluster, 'PutObject');
        await waitForPermits();
        await waitForRest(cluster, store, 0);
      });
    }

    it('is ended when it stops reading, and its permit is given back', async () => {
      const objectId = { usecase: 'slow', key: 'unread' };
      const payload = await put(objectId, 64 * MiB);
      const download = client.openDownload({ objectId });
      const ended = new Promise<unknown>((resolve) => download.once('error', resolve));
      const begun = await new Promise<GetAnswer>((resolve) => {
        download.once('data', (message: GetAnswer) => {
          download.pause();
          resolve(message);
        });
      });
      assert.equal(begun.header?.object.size, payload.length);
      await waitForIdle(cluster, 'GetObject');
      await waitForPermits();
      // Only who reads on learns what it was.
      download.resume();
      const { code, reason } = await failed(ended.then((error) => Promise.reject(error as Error)));
      assert.deepEqual([code, reason], ['DEADLINE_EXCEEDED', 'STREAM_STALLED']);
      await remove(objectId);
    });

    it('may leave a batch stream idle, which still works afterwards', async () => {
      const call = client.openBatch();
      const messages = call[Symbol.asyncIterator]() as AsyncIterator<BatchAnswer, undefined>;
      const operation = { head: { objectId: { usecase: 'slow', key: 'nothing' } } };
      for (const index of [1, 2]) {
        call.write({ operations: [{ index, ...operation }] });
        const answer = await messages.next();
        assert.equal(answer.value?.results?.length, 1);
        if (index === 1) await pause(2 * stallMs);
      }
      call.end();
      assert.equal((await messages.next()).done, true);
    });
  });
}

async function* trickling(payload: Buffer, pieceBytes: number): AsyncIterable<Uint8Array> {
  for (const piece of chunksOf(payload, pieceBytes)) {
    await pause(trickleMs);
    yield piece;
  }
}
