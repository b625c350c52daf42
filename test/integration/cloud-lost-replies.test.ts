import {
  createEngine,
  hasCode,
  parseObjectId,
  type HighVolumeTier,
  type ObjectId,
  type StorageEngine,
} from '@holdfast/domain';
import type { StorageSettings } from '@holdfast/storage';
import { withHooks, type HookableMethod, type HookedPort } from '@holdfast/testkit';
import assert from 'node:assert/strict';
import { startBigtableProxy, type BigtableProxy } from '../support/bigtable-proxy.js';
import { useCloud } from '../support/cloud-store.js';
import { waitUntil } from '../support/cluster-wait.js';
import { beforeNext } from '../support/engine/hold.js';
import { collect, inChunks, sampleBytes } from '../support/engine/payloads.js';
import { plainMetadata } from '../support/engine/store-under-test.js';
import { openEngineStore, type EngineStore } from '../support/engine-store.js';

const KiB = 1024;
const small = sampleBytes(KiB);
const large = sampleBytes(2 * KiB * KiB);
/** Short, so that silence is soon given up. */
const impatient = { callMsMax: 1_000, attemptMsMax: 1_000 } as const;
const drainMsMax = 30_000;

const isUnknown = (error: unknown): boolean => hasCode(error, 'OUTCOME_UNKNOWN');
const isUnavailable = (error: unknown): boolean => hasCode(error, 'TIER_UNAVAILABLE');

describe('the engine on Bigtable and Cloud Storage, when the way to the table is lost,', () => {
  const cloud = useCloud();
  let settings: StorageSettings;
  let proxy: BigtableProxy;
  /** Sees the table as it is. */
  let direct: EngineStore;
  let disturbed: EngineStore | undefined;
  let highVolume: HookedPort<HighVolumeTier>;
  let engine: StorageEngine;
  let objects = 0;
  let id: ObjectId;

  before(async () => {
    proxy = await startBigtableProxy();
    ({ settings } = await cloud.makeStorage());
    direct = await openEngineStore(settings);
  });
  after(async () => {
    await direct?.close();
    await proxy?.close();
  });
  beforeEach(async () => {
    objects += 1;
    id = parseObjectId({ usecase: 'lost', scopes: [], key: `object ${objects}` });
  });
  afterEach(async () => {
    proxy.cut();
    proxy.mend();
    assert.equal(await engine.close(drainMsMax), 0);
    await disturbed?.close();
  });

  /** Opens an engine whose way to the table leads through the proxy. */
  async function open(limits: Partial<typeof impatient> = {}): Promise<void> {
    assert(settings.highVolume.kind === 'bigtable');
    const bigtable = { ...settings.highVolume, ...limits, emulatorHost: proxy.emulatorHost };
    disturbed = await openEngineStore({ ...settings, highVolume: bigtable });
    highVolume = withHooks<HighVolumeTier>(disturbed.dependencies.highVolume);
    engine = createEngine({}, { ...disturbed.dependencies, highVolume: highVolume.port });
    // Connected, so that what follows is sent.
    await reconnected();
  }

  const put = (to: StorageEngine, bytes: Uint8Array) =>
    to.putObject({ id, metadata: plainMetadata, payload: inChunks(bytes, 256 * KiB) });

  /** Whether it reads as these bytes, or as nothing. */
  async function holds(from: StorageEngine, bytes: Uint8Array | undefined): Promise<boolean> {
    const got = await from.getObject({ id });
    if (got.kind !== 'found') return bytes === undefined;
    const found = await collect(got.payload);
    return bytes !== undefined && Buffer.from(bytes).equals(found);
  }

  function reconnected(): Promise<unknown> {
    return waitUntil(
      'the table answers',
      () => engine.headObject(id),
      () => true,
    );
  }

  /** The answer to the next call of `method` never arrives: the way is cut once it has its effect. */
  function loseAnswer(
    method: HookableMethod<HighVolumeTier>,
    bytes: Uint8Array | undefined,
    afterwards: () => void,
  ): void {
    beforeNext(highVolume, method, () => {
      proxy.loseAnswers();
      void waitUntil(
        `${method} had its effect`,
        () => holds(direct.engine, bytes),
        (does) => does,
      ).then(() => {
        proxy.cut();
        afterwards();
      });
    });
  }

  const writes = [
    { what: 'a large object', bytes: large, method: 'commit' },
    { what: 'a small object', bytes: small, method: 'putInline' },
  ] as const;
  for (const { what, bytes, method } of writes) {
    it(`answers OK for ${what} once it sees that it was stored`, async () => {
      await open();
      loseAnswer(method, bytes, () => proxy.mend());
      assert.equal((await put(engine, bytes)).kind, 'stored');
      assert.ok(await holds(engine, bytes));
    });

    it(`says that it does not know of ${what} as long as it cannot see`, async () => {
      await open();
      loseAnswer(method, bytes, () => undefined);
      await assert.rejects(put(engine, bytes), isUnknown);
      proxy.mend();
      await reconnected();
      assert.ok(await holds(engine, bytes));
    });
  }

  it('says that it does not know of a deletion, which may be asked for again', async () => {
    await put(direct.engine, small);
    await open();
    loseAnswer('deleteInline', undefined, () => proxy.mend());
    await assert.rejects(engine.deleteObject({ id }), isUnknown);
    await reconnected();
    assert.equal((await engine.deleteObject({ id })).kind, 'deleted');
  });

  it('gives up when nobody answers, and goes on when somebody does', async () => {
    await put(direct.engine, large);
    await open(impatient);
    proxy.stall();
    await assert.rejects(holds(engine, large), isUnavailable);
    await assert.rejects(put(engine, small), isUnknown);
    await assert.rejects(put(engine, large), isUnavailable);
    await assert.rejects(engine.deleteObject({ id }), isUnknown);
    proxy.cut();
    proxy.mend();
    await reconnected();
    assert.ok(await holds(engine, large));
    assert.equal((await put(engine, small)).kind, 'stored');
    assert.ok(await holds(direct.engine, small));
  });
});
