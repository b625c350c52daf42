import { createClient, type Client, type ObjectInfo } from '@holdfast/client';
import assert from 'node:assert/strict';
import { requireBigtableEmulator } from '../support/bigtable-emulator.js';
import { waitForNothing, waitForRemains } from '../support/cleanup-rest.js';
import { usecase } from '../support/cleanup-writes.js';
import { bytesOf, collect, failure, KiB, MiB } from '../support/client-fixture.js';
import type { StorageName } from '../support/cluster-storage.js';
import { waitUntil } from '../support/cluster-wait.js';
import { failed } from '../support/loader-client.js';
import { requireRedis } from '../support/redis.js';
import { startSweepBed, type SweepBed } from '../support/sweep-bed.js';
import { newOrphan, single } from '../support/sweep-blobs.js';
import { settleEverything } from '../support/sweep-due.js';

const setups: readonly StorageName[] = ['bigtable+gcs', 'lmdb+gcs', 'bigtable+filesystem'];

const small = bytesOf(500);
const large = bytesOf(40 * KiB);
const largest = bytesOf(5 * MiB + 1);

for (const storage of setups) {
  describe(`Holdfast on ${storage}`, function () {
    this.timeout(120_000);
    let bed: SweepBed;
    let client: Client;

    before(async function () {
      requireRedis(this);
      if (storage !== 'lmdb+gcs') requireBigtableEmulator(this);
      bed = await startSweepBed({ storage });
      client = createClient({ address: bed.gateway.address });
    });
    after(async () => {
      await client?.close();
      await bed?.close();
    });
    /** Nothing is left of any of them. */
    afterEach(async () => {
      for await (const { id } of client.list({ usecase })) await client.delete(id);
      await waitForNothing(bed);
    });

    const idOf = (key: string) => ({ usecase, key });
    const read = async (key: string): Promise<Buffer> => {
      return Buffer.from(await (await client.get(idOf(key))).bytes());
    };

    it('stores, reads, describes, lists and deletes small and large objects', async () => {
      const payloads = { small, large, largest };
      const infos: ObjectInfo[] = [];
      for (const [key, payload] of Object.entries(payloads)) {
        const metadata = { contentType: 'image/png', custom: { colour: 'grün' } };
        const { revision } = await client.put(idOf(key), payload, { metadata });
        assert.ok((await read(key)).equals(payload), key);
        const range = { first: 100, last: 299 };
        const part = await (await client.get(idOf(key), { range })).bytes();
        assert.ok(payload.subarray(100, 300).equals(part), key);
        const info = await client.head(idOf(key));
        assert.deepEqual([info.revision, info.size], [revision, payload.length]);
        assert.equal(info.metadata.custom.get('colour'), 'grün');
        infos.push(info);
      }
      const listed = await collect(client.list({ usecase }, { pageSize: 2 }));
      assert.deepEqual(
        listed,
        infos.toSorted((a, b) => (a.id.key < b.id.key ? -1 : 1)),
      );
      for (const key of Object.keys(payloads)) {
        await client.delete(idOf(key));
        await assert.rejects(client.get(idOf(key)), failure('NOT_FOUND'));
      }
    });

    it('writes only where the condition holds', async () => {
      for (const payload of [small, large]) {
        const id = idOf(`conditional ${payload.length}`);
        const { revision } = await client.put(id, payload, { ifAbsent: true });
        const again = client.put(id, large, { ifAbsent: true });
        await assert.rejects(again, failure('FAILED_PRECONDITION', 'OBJECT_EXISTS'));
        await client.put(id, payload, { ifRevision: revision });
        const late = client.put(id, small, { ifRevision: revision });
        await assert.rejects(late, failure('FAILED_PRECONDITION', 'REVISION_MISMATCH'));
        const stale = client.delete(id, { ifRevision: revision });
        await assert.rejects(stale, failure('FAILED_PRECONDITION', 'REVISION_MISMATCH'));
      }
    });

    it('lets objects expire, and a sweep free what they took', async () => {
      const metadata = { expiration: { kind: 'ttl', ms: 1_000 } } as const;
      for (const [key, payload] of Object.entries({ small, large })) {
        await client.put(idOf(key), payload, { metadata });
      }
      for (const key of ['small', 'large']) {
        await waitUntil(
          `${key} has expired`,
          () => failed(bed.callers.get({ objectId: idOf(key) })),
          ({ reason }) => reason === 'OBJECT_NOT_FOUND',
        );
      }
      assert.equal((await bed.payloads()).length, 1);
      await bed.sweeps.run('ExpireObjects');
    });

    it('frees what was overwritten through the queue', async () => {
      const key = 'overwritten';
      await client.put(idOf(key), large);
      await client.put(idOf(key), largest);
      await waitForNothing(bed);
      assert.deepEqual(
        (await bed.payloads()).map(({ bytes }) => bytes),
        [largest.length],
      );
      await client.put(idOf(key), small);
      await waitForNothing(bed);
      assert.deepEqual(await bed.payloads(), []);
    });

    it('finds an orphan that came there by hand', async () => {
      const { name, metadata, payload } = newOrphan('by hand');
      await bed.storage.withLongTerm((tier) => tier.create(name, metadata, single(payload)));
      const unreferencedBytes = { [usecase]: payload.length };
      await waitForRemains(bed, { unnamed: [name], unreferencedBytes });
      const { counts } = await bed.sweeps.run('ReclaimOrphans');
      assert.deepEqual([counts?.removed, counts?.freedBytes], [1, payload.length]);
    });

    it('has everything after a restart, and nothing of an upload that was under way', async () => {
      for (const [key, payload] of Object.entries({ small, large })) {
        await client.put(idOf(key), payload);
      }
      await waitForNothing(bed);
      const upload = bed.callers.openUpload();
      await upload.send({ header: { objectId: idOf('large') } });
      for (let sent = 0; sent < largest.length; sent += MiB) {
        await upload.send({ chunk: largest.subarray(sent, sent + MiB) });
      }
      await waitUntil(
        'a part of it is stored',
        () => bed.payloads(),
        (found) => found.some(({ name, bytes }) => name === undefined && bytes >= MiB),
      );
      await bed.tieredStore.kill();
      assert.equal((await failed(upload.answer)).code, 'UNAVAILABLE');
      await bed.ageBrokenUploads();
      await bed.tieredStore.start();
      await settleEverything(bed.store);
      await waitForNothing(bed);
      assert.ok((await read('small')).equals(small));
      assert.ok((await read('large')).equals(large));
    });
  });
}
