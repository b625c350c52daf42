import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { bigtableEmulator, requireBigtableEmulator } from '../support/bigtable-emulator.js';
import { waitUntil } from '../support/cluster-wait.js';
import { sampleBytes } from '../support/engine/payloads.js';
import { startGcsServer } from '../support/gcs/gcs-server.js';
import type { GcsServer } from '../support/gcs/gcs-types.js';
import { createClosers } from '../support/redis-closers.js';
import {
  get,
  head,
  pendingChanges,
  put,
  remove,
  startStore,
  uploadOf,
  type RunningStore,
} from './tiered-store-process.js';

const small = sampleBytes(2_000);
const large = sampleBytes(3_000_000);

type Variables = Readonly<Record<string, string>>;

describe('A tiered store whose settings name its tiers', () => {
  const closers = createClosers();
  afterEach(() => closers.closeAll());

  async function start(settings: Variables): Promise<RunningStore> {
    const store = await startStore({ ...settings, HOLDFAST_BOOTSTRAP__ON_START: 'true' });
    closers.onClose(store.dispose);
    return store;
  }

  const onLmdb = async (): Promise<Variables> => ({ HOLDFAST_STORAGE__HIGH_VOLUME__KIND: 'lmdb' });

  const onBigtable = async (): Promise<Variables> => ({
    HOLDFAST_STORAGE__HIGH_VOLUME__KIND: 'bigtable',
    HOLDFAST_STORAGE__HIGH_VOLUME__PROJECT: 'my-project',
    HOLDFAST_STORAGE__HIGH_VOLUME__INSTANCE: 'my-instance',
    HOLDFAST_STORAGE__HIGH_VOLUME__TABLE: `t-${randomUUID()}`,
    HOLDFAST_STORAGE__HIGH_VOLUME__CHANNELS: '1',
    HOLDFAST_STORAGE__HIGH_VOLUME__EMULATOR_HOST: await bigtableEmulator(),
  });

  const onFiles = async (): Promise<Variables> => ({
    HOLDFAST_STORAGE__LONG_TERM__KIND: 'filesystem',
  });

  async function onCloudStorage(): Promise<Variables> {
    const server: GcsServer = closers.add(await startGcsServer());
    return {
      HOLDFAST_STORAGE__LONG_TERM__KIND: 'gcs',
      HOLDFAST_STORAGE__LONG_TERM__BUCKET: 'photos',
      HOLDFAST_STORAGE__LONG_TERM__API_ENDPOINT: server.apiEndpoint,
    };
  }

  const mixtures = [
    { name: 'LMDB and Cloud Storage', rows: onLmdb, blobs: onCloudStorage },
    { name: 'Bigtable and a file system', rows: onBigtable, blobs: onFiles },
    { name: 'Bigtable and Cloud Storage', rows: onBigtable, blobs: onCloudStorage },
  ];
  for (const { name, rows, blobs } of mixtures) {
    it(`keeps small and large objects on ${name}`, async function () {
      if (rows === onBigtable) requireBigtableEmulator(this);
      const { client } = await start({ ...(await rows()), ...(await blobs()) });
      for (const payload of [small, large, small]) {
        await put(client, uploadOf('object', payload));
        assert.deepEqual((await get(client, 'object')).bytes, Buffer.from(payload));
      }
      await put(client, uploadOf('object', large));
      await remove(client, 'object');
      await assert.rejects(head(client, 'object'), { reason: 'OBJECT_NOT_FOUND' });
    });
  }

  for (const { name, rows } of [
    { name: 'LMDB', rows: onLmdb },
    { name: 'Bigtable', rows: onBigtable },
  ]) {
    it(`refuses what is large, and leaves nothing of it, on ${name} alone`, async function () {
      if (rows === onBigtable) requireBigtableEmulator(this);
      const { client, maintenance } = await start({
        ...(await rows()),
        HOLDFAST_STORAGE__LONG_TERM__KIND: 'none',
      });
      await put(client, uploadOf('object', small));
      await assert.rejects(put(client, uploadOf('object', large)), (error) => {
        const { reason, message } = error as { readonly reason?: string; readonly message: string };
        assert.equal(reason, 'PAYLOAD_TOO_LARGE');
        assert.match(message, /chunk: an object has at most 1048576 bytes/);
        return true;
      });
      assert.deepEqual((await get(client, 'object')).bytes, Buffer.from(small));
      await remove(client, 'object');
      await assert.rejects(head(client, 'object'), { reason: 'OBJECT_NOT_FOUND' });
      await waitUntil(
        'the refused change is settled',
        () => pendingChanges(maintenance),
        ({ changes }) => changes.length === 0,
      );
    });
  }
});
