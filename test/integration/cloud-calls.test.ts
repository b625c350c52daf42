import {
  createEngine,
  parseObjectId,
  type ChangeLog,
  type HighVolumeTier,
  type StorageEngine,
} from '@holdfast/domain';
import { withHooks } from '@holdfast/testkit';
import assert from 'node:assert/strict';
import { startBigtableProxy, type BigtableProxy } from '../support/bigtable-proxy.js';
import { useCloud } from '../support/cloud-store.js';
import { collect, inChunks, sampleBytes } from '../support/engine/payloads.js';
import { plainMetadata } from '../support/engine/store-under-test.js';
import { openEngineStore, type EngineStore } from '../support/engine-store.js';
import type { GcsRequestKind } from '../support/gcs/gcs-server.js';

const KiB = 1024;
const MiB = 1024 * KiB;
const chunkBytes = 2 * MiB;
const small = sampleBytes(10 * KiB);
const large = sampleBytes(MiB + 1);
const severalChunks = sampleBytes(2 * chunkBytes + 1);
const drainMsMax = 30_000;

/** What an operation costs. */
interface Calls {
  /** To the table, before the answer. */
  readonly table: number;
  /** Of the bucket, before the answer. */
  readonly bucket: readonly GcsRequestKind[];
  /** To the table, behind the answer. */
  readonly behind: number;
}

describe('the engine on Bigtable and Cloud Storage, in calls,', () => {
  const cloud = useCloud();
  let proxy: BigtableProxy;
  let store: EngineStore;
  let objects = 0;

  before(async () => {
    proxy = await startBigtableProxy();
    const { emulatorHost } = proxy;
    const { settings } = await cloud.makeStorage({ emulatorHost, chunkSize: `${chunkBytes} B` });
    store = await openEngineStore(settings);
  });
  after(async () => {
    await store?.close();
    await proxy?.close();
  });

  function newId() {
    objects += 1;
    return parseObjectId({ usecase: 'calls', scopes: [], key: `object ${objects}` });
  }

  /** What is done behind the answer waits until the calls before it are counted. */
  async function callsOf(operation: (engine: StorageEngine) => Promise<unknown>): Promise<Calls> {
    const { dependencies } = store;
    let letGo = (): void => undefined;
    const answered = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    const highVolume = withHooks<HighVolumeTier>(dependencies.highVolume);
    const changeLog = withHooks<ChangeLog>(dependencies.changeLog);
    highVolume.hook('commit', {
      after() {
        changeLog.hook('record', { before: () => answered });
        changeLog.hook('remove', { before: () => answered });
      },
    });
    const engine = createEngine(
      {},
      { ...dependencies, highVolume: highVolume.port, changeLog: changeLog.port },
    );
    cloud.server().clearRequests();
    const start = proxy.calls();
    await operation(engine);
    const table = proxy.calls() - start;
    const bucket = cloud
      .server()
      .requests()
      .map(({ kind }) => kind);
    letGo();
    assert.equal(await engine.close(drainMsMax), 0);
    return { table, bucket, behind: proxy.calls() - start - table };
  }

  const put = (bytes: Uint8Array, id = newId()) => ({
    id,
    metadata: plainMetadata,
    payload: inChunks(bytes, 256 * KiB),
  });

  async function stored(bytes: Uint8Array) {
    const id = newId();
    const engine = createEngine({}, store.dependencies);
    await engine.putObject(put(bytes, id));
    // What goes on behind the answer is not to be counted.
    assert.equal(await engine.close(drainMsMax), 0);
    return id;
  }

  const onlyTable = (table: number, behind = 0): Calls => ({ table, bucket: [], behind });

  it('does everything with a small object in one', async () => {
    const id = newId();
    const [first, second] = [put(small, id), put(small, id)];
    assert.deepEqual(await callsOf((engine) => engine.putObject(first)), onlyTable(1));
    assert.deepEqual(await callsOf((engine) => engine.putObject(second)), onlyTable(1));
    assert.deepEqual(await callsOf((engine) => engine.getObject({ id })), onlyTable(1));
    assert.deepEqual(await callsOf((engine) => engine.headObject(id)), onlyTable(1));
    assert.deepEqual(await callsOf((engine) => engine.deleteObject({ id })), onlyTable(1));
    assert.deepEqual(await callsOf((engine) => engine.getObject({ id })), onlyTable(1));
  });

  it('reads a large object, whole or in part, with one to the table and one request', async () => {
    const id = await stored(large);
    const expected = { table: 1, bucket: ['media'], behind: 0 };
    for (const range of [undefined, { kind: 'slice', first: 5, last: 500 } as const]) {
      const calls = await callsOf(async (engine) => {
        const read = await engine.getObject({ id, range });
        assert(read.kind === 'found');
        await collect(read.payload);
      });
      assert.deepEqual(calls, expected);
    }
    assert.deepEqual(await callsOf((engine) => engine.headObject(id)), onlyTable(1));
  });

  it('stores a large object with four to the table and one upload', async () => {
    assert.deepEqual(await callsOf((engine) => engine.putObject(put(large))), {
      table: 4,
      bucket: ['insert.multipart'],
      behind: 1,
    });
    assert.deepEqual(await callsOf((engine) => engine.putObject(put(severalChunks))), {
      table: 4,
      bucket: ['resumable.start', 'resumable.chunk', 'resumable.chunk', 'resumable.chunk'],
      behind: 1,
    });
  });

  it('replaces a large object with as many, and notes that its blob is to go', async () => {
    const id = await stored(large);
    assert.deepEqual(await callsOf((engine) => engine.putObject(put(large, id))), {
      table: 4,
      bucket: ['insert.multipart'],
      behind: 1,
    });
  });

  it('finds out with two that a row names a blob, before it changes it with four', async () => {
    const [shrunk, deleted] = [await stored(large), await stored(large)];
    const shrinking = await callsOf((engine) => engine.putObject(put(small, shrunk)));
    const deleting = await callsOf((engine) => engine.deleteObject({ id: deleted }));
    assert.deepEqual([shrinking, deleting], [onlyTable(6, 1), onlyTable(6, 1)]);
  });

  it('finds with two what keeps each of many blobs', async () => {
    const ids = await Promise.all(Array.from({ length: 20 }, () => stored(large)));
    const page = await store.dependencies.longTerm.list(undefined, 1_000);
    const blobs = page.blobs.filter(({ name }) =>
      ids.some(({ path }) => name.startsWith(`${path}/`)),
    );
    const calls = await callsOf(async (engine) => {
      const judged = await Promise.all(
        blobs.map((known) => engine.reclaimBlob({ blob: known.name, known, dryRun: true })),
      );
      assert.deepEqual(
        judged.map(({ kind }) => kind),
        ids.map(() => 'live'),
      );
    });
    assert.deepEqual(calls, onlyTable(2));
  });

  it('checks a condition with three', async () => {
    const condition = { kind: 'if-absent' } as const;
    const calls = await callsOf((engine) => engine.putObject({ ...put(small), condition }));
    assert.deepEqual(calls, onlyTable(3));
  });
});
