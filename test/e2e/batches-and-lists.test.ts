import assert from 'node:assert/strict';
import { startCluster, type Cluster } from '../support/cluster.js';
import { failed, openLoaderClient, type LoaderClient } from '../support/loader-client.js';
import { failureOfStatus } from '../support/loader-contract.js';
import type {
  BatchAnswer,
  BatchResultMessage,
  IdMessage,
  ListAnswer,
} from '../support/loader-messages.js';
import { chunksOf, crc32cOf, finishOf, MiB, randomPayload } from '../support/loader-payloads.js';

const scopes = [{ name: 'org', value: '42' }];

for (const name of ['gateway', 'tieredStore'] as const) {
  describe(`batches and lists of the ${name}`, () => {
    let cluster: Cluster;
    let client: LoaderClient;

    before(async () => {
      cluster = await startCluster();
      client = openLoaderClient(cluster[name].address);
    });

    after(async () => {
      client.close();
      await cluster.close();
    });

    function idOf(key: string): IdMessage {
      return { usecase: 'e2e', scopes, key };
    }

    function put(key: string, payload: Buffer) {
      return client.put({ objectId: idOf(key) }, chunksOf(payload), finishOf(payload));
    }

    async function batch(operations: readonly object[]): Promise<BatchResultMessage[]> {
      const call = client.openBatch();
      call.write({ operations });
      call.end();
      const results: BatchResultMessage[] = [];
      for await (const message of call as AsyncIterable<BatchAnswer>) {
        results.push(...(message.results ?? []));
      }
      return results.toSorted((one, other) => (one.index ?? 0) - (other.index ?? 0));
    }

    it('runs a batch in which operations fail alone', async () => {
      const payload = randomPayload(MiB);
      const large = await put('batch-large', randomPayload(MiB + 1));
      const results = await batch([
        {
          index: 1,
          put: { header: { objectId: idOf('batch') }, payload, crc32c: crc32cOf(payload) },
        },
        {
          index: 2,
          put: { header: { objectId: idOf('b2') }, payload: Buffer.from('x'), crc32c: 1 },
        },
        { index: 3, get: { objectId: idOf('never') } },
        { index: 4, get: { objectId: idOf('batch-large') } },
        { index: 5, head: { objectId: idOf('batch-large') } },
        { index: 6 },
        { index: 7, delete: { objectId: idOf('never') } },
      ]);
      assert.deepEqual(
        results.map(({ index }) => index),
        [1, 2, 3, 4, 5, 6, 7],
      );
      const [stored, mismatch, missing, described, known, nothing, deleted] = results;
      assert.equal(stored?.put?.crc32c, crc32cOf(payload));
      assert.equal(failureOfStatus(mismatch?.error ?? {}).reason, 'CONTENT_MISMATCH');
      assert.equal(failureOfStatus(missing?.error ?? {}).reason, 'OBJECT_NOT_FOUND');
      assert.equal(described?.get?.object.revision, large.revision);
      assert.equal(described?.get?.payload, undefined);
      assert.equal(described?.get?.span.length, MiB + 1);
      assert.equal(known?.head?.object.size, MiB + 1);
      assert.equal(failureOfStatus(nothing?.error ?? {}).reason, 'INVALID_BATCH');
      assert.ok(deleted?.delete !== undefined);

      const range = { first: 10, last: 19 };
      const [part] = await batch([{ index: 9, get: { objectId: idOf('batch'), range } }]);
      assert.deepEqual(part?.get?.payload, payload.subarray(10, 20));
    });

    it('runs a thousand operations of one message', async () => {
      const operations = Array.from({ length: 1_000 }, (_, index) => ({
        index,
        put: { header: { objectId: idOf(`many/${index}`) }, payload: Buffer.from(`${index}`) },
      }));
      const results = await batch(operations);
      assert.equal(results.length, 1_000);
      const codes = new Set(results.map(({ error }) => failureOfStatus(error ?? {}).reason));
      // A share of the capacity is all that a batch gets: some may have to come again, none is lost.
      assert.ok([...codes].every((reason) => reason === undefined || reason === 'AT_CAPACITY'));
      const stored = results.find(({ put: answer }) => answer !== undefined);
      const index = stored?.index ?? 0;
      const read = await client.get({ objectId: idOf(`many/${index}`) });
      assert.equal(read.payload.toString(), `${index}`);
    });

    it('ends a batch whose numbers cannot be told apart', async () => {
      const slow = { objectId: idOf('batch-large') };
      const outcome = await failed(
        batch([
          { index: 1, get: slow },
          { index: 1, get: slow },
        ]),
      );
      assert.deepEqual([outcome.code, outcome.reason], ['INVALID_ARGUMENT', 'INVALID_BATCH']);
    });

    it('lists page by page what begins as asked for, in order', async () => {
      const keys = ['a/1', 'a/2', 'a/3', 'b/1'];
      for (const key of keys.toReversed()) {
        const objectId = { usecase: 'listed', scopes, key };
        await client.put({ objectId }, [Buffer.from(key)], { size: key.length });
      }
      const listed: string[] = [];
      let pageToken = '';
      do {
        const request = { usecase: 'listed', scopes, keyPrefix: 'a/', pageSize: 2, pageToken };
        const page = await client.unary<ListAnswer>(['object', 'ListObjects'], request);
        assert.ok((page.objects?.length ?? 0) <= 2);
        listed.push(...(page.objects ?? []).map(({ objectId }) => objectId.key ?? ''));
        pageToken = page.nextPageToken ?? '';
      } while (pageToken !== '');
      assert.deepEqual(listed, ['a/1', 'a/2', 'a/3']);

      const tooMany = { usecase: 'listed', pageSize: 1_001 };
      const refused = await failed(client.unary(['object', 'ListObjects'], tooMany));
      assert.equal(refused.reason, 'INVALID_PAGE');
    });
  });
}
