import { status } from '@grpc/grpc-js';
import { maintenance } from '@holdfast/contracts';
import { limits, parseObjectId, type ObjectId } from '@holdfast/domain';
import { openChannel, RpcError, type Method, type RpcChannel } from '@holdfast/rpc';
import { systemClock } from '@holdfast/service-kit';
import assert from 'node:assert/strict';
import { mkdtemp, rm, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { maintenanceMethods } from '../../services/tiered-store/src/maintenance/maintenance-methods.js';
import { openEmbeddedStore } from '../support/embedded-store.js';
import type { EngineStore } from '../support/engine-store.js';
import { inChunks, sampleBytes } from '../support/engine/payloads.js';
import { plainMetadata } from '../support/engine/store-under-test.js';
import { errorOf } from '../support/maintenance.js';
import { filesIn } from '../support/stored-blobs.js';
import { startTestServer, type TestServer } from './rpc-server/test-server.js';

const contract = maintenance.MaintenanceServiceService;
const { BlobState, DamageKind, SettleOutcome } = maintenance;
const largeBytes = 3_000_000;
const size = BigInt(largeBytes);
const chunkBytes = 256 * 1024;

describe('MaintenanceService over a socket, on LMDB and files', () => {
  let directory: string;
  let store: EngineStore;
  let server: TestServer;
  let channel: RpcChannel;
  const lines: string[] = [];

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'holdfast-maintenance-'));
    store = await openEmbeddedStore(directory);
    const logger = { warn: (_: unknown, message: string) => void lines.push(message) };
    const tiers = { highVolume: 'lmdb', longTerm: 'filesystem' };
    const { engine } = store;
    const methods = maintenanceMethods({ engine, tiers, clock: systemClock, logger });
    server = await startTestServer(methods);
    channel = openChannel({ address: `127.0.0.1:${server.port}` });
  });

  afterEach(async () => {
    channel.close();
    await server.close();
    await store.close();
    await rm(directory, { recursive: true });
    lines.length = 0;
  });

  function call<Req, Res>(method: Method<Req, Res>, request: Req): Promise<Res> {
    return channel.unary(method, request, { deadline: Date.now() + 30_000 });
  }

  async function put(key: string, seed: number): Promise<void> {
    const bytes = sampleBytes(largeBytes, seed);
    const payload = inChunks(bytes, chunkBytes);
    const metadata = plainMetadata;
    const stored = await store.engine.putObject({ id: idOf(key), metadata, payload });
    assert.equal(stored.kind, 'stored');
  }

  const page = { pageSize: 0, pageToken: '' };
  const settling = { onlyDue: false, dryRun: false, ignoreReaders: false };

  /** Waits until the replacement of a blob is what is left on the log. */
  async function onlyChange(): Promise<maintenance.Change> {
    for (;;) {
      const { changes } = await call(contract.listChanges, { ...page, dueAt: undefined });
      const [change, ...others] = changes;
      assert(change !== undefined);
      if (others.length === 0 && change.newBlob === undefined) return change;
    }
  }

  it('lists, judges, settles and describes what a replaced object leaves', async () => {
    await put('a', 1);
    await put('a', 2);
    const { changeId, oldBlob } = await onlyChange();
    assert(oldBlob !== undefined);
    const { blobs } = await call(contract.listBlobs, page);
    assert.equal(blobs.length, 2);
    const names = blobs.map(({ name }) => name);
    const describing = { includeUsage: true, includeUnreferenced: false, onlyTime: false };
    const described = await call(contract.describeStorage, describing);
    assert.deepEqual(described.usage, [
      { usecase: 'kept', objects: 1n, inlineBytes: 0n, blobBytes: size, unreferencedBytes: size },
    ]);
    assert.deepEqual([described.highVolumeTier, described.longTermTier], ['lmdb', 'filesystem']);
    assert.equal(described.inlineThresholdBytes, BigInt(limits.inlineThresholdBytes));
    assert.equal(described.pendingChanges, 1n);
    const waiting = { includeUsage: false, includeUnreferenced: true, onlyTime: false };
    assert.deepEqual((await call(contract.describeStorage, waiting)).usage, [
      { usecase: 'kept', objects: 0n, inlineBytes: 0n, blobBytes: 0n, unreferencedBytes: size },
    ]);

    const judged = await call(contract.reclaimBlobs, {
      blobs: [...names, 'no blob'],
      minAge: { seconds: 0n, nanos: 0 },
      dryRun: true,
    });
    const states = judged.results.slice(0, 2).map(({ blob, result }) => {
      assert(result?.$case === 'outcome' && result.value.size === size);
      return [blob === oldBlob, result.value.state];
    });
    assert.deepEqual(
      new Map(states as [boolean, number][]),
      new Map([
        [true, BlobState.OWNED],
        [false, BlobState.LIVE],
      ]),
    );
    assert.equal(errorOf(judged.results[2]?.result).reason, 'INVALID_BLOB_NAME');

    const changeIds = [changeId];
    const [kept] = (await call(contract.settleChange, { ...settling, changeIds })).results;
    assert(kept?.result?.$case === 'settled');
    assert.equal(kept.result.value.outcome, SettleOutcome.AWAITING_READERS);
    const now = { ...settling, changeIds, ignoreReaders: true };
    const [settled] = (await call(contract.settleChange, now)).results;
    assert(settled?.result?.$case === 'settled');
    const { usecase, scopes, key } = idOf('a');
    assert.deepEqual(
      [settled.change?.objectId, settled.change?.oldBlob],
      [{ usecase, scopes, key }, oldBlob],
    );
    assert.deepEqual(settled.result.value, {
      outcome: SettleOutcome.COMMITTED,
      blobs: [{ blob: oldBlob, state: BlobState.DELETED, size }],
      deadline: undefined,
    });
    assert.equal((await call(contract.listBlobs, page)).blobs.length, 1);
  });

  it('gives a change up, and reclaims what that leaves', async () => {
    await put('a', 1);
    await put('a', 2);
    const change = await onlyChange();
    const changeIds = [change.changeId];
    const discarded = await call(contract.discardChanges, { changeIds, reason: 'a test' });
    assert.deepEqual(discarded.results[0]?.result, { $case: 'discarded', value: { change } });
    assert.deepEqual(lines, ['a change was discarded']);
    const blobs = [change.oldBlob ?? assert.fail()];
    const minAge = { seconds: 0n, nanos: 0 };
    const reclaimed = await call(contract.reclaimBlobs, { blobs, minAge, dryRun: false });
    const [result] = reclaimed.results;
    assert(result?.result?.$case === 'outcome');
    assert.equal(result.result.value.state, BlobState.AWAITING_READERS);
    const { changes } = await call(contract.listChanges, { ...page, dueAt: undefined });
    assert.deepEqual(
      changes.map(({ newBlob }) => newBlob),
      blobs,
    );
  });

  it('verifies payloads in steps, and finds a file that was cut off', async () => {
    await put('a', 1);
    await put('b', 2);
    const verifyAll = async () => {
      const steps = [];
      let pageToken = '';
      do {
        const bounds = { bytesLimit: 2n ** 20n, timeLimit: undefined, pageSize: 0, pageToken };
        const step = await call(contract.verifyObjects, bounds);
        steps.push(step);
        pageToken = step.nextPageToken;
        assert(steps.length < 100, 'every step comes further');
      } while (pageToken !== '');
      return steps;
    };
    const sound = await verifyAll();
    const bytes = sound.reduce((sum, { verifiedBytes }) => sum + verifiedBytes, 0n);
    assert.equal(bytes, 2n * size);
    assert(sound.length >= 6 && sound.every(({ damage }) => damage.length === 0));

    const [file] = await filesIn(join(directory, 'blobs', 'blobs'));
    await truncate(file ?? assert.fail(), 1_000_000);
    const damage = (await verifyAll()).flatMap((step) => step.damage);
    assert.deepEqual(
      damage.map(({ kind }) => kind),
      [DamageKind.WRONG_SIZE],
    );
  });

  it('expires in steps', async () => {
    const expire = { dryRun: false, timeLimit: undefined, ...page };
    await put('a', 1);
    assert.deepEqual(await call(contract.expireObjects, expire), {
      counts: [{ usecase: 'kept', examined: 1n, removed: 0n, freedBytes: 0n }],
      undecided: [],
      nextPageToken: '',
    });
  });

  it('refuses what is wrong with the field named', async () => {
    const wrong = [
      [call(contract.settleChange, { ...settling, changeIds: [] }), 'INVALID_BATCH', 'change_ids'],
      [call(contract.listBlobs, { pageSize: 1_001, pageToken: '' }), 'INVALID_PAGE', 'page_size'],
      [call(contract.listBlobs, { pageSize: 1, pageToken: 'x' }), 'INVALID_PAGE', 'page_token'],
    ] as const;
    for (const [refused, reason, field] of wrong) {
      await assert.rejects(refused, (error: unknown) => {
        assert(error instanceof RpcError);
        assert.deepEqual(
          [error.code, error.reason, error.violations[0]?.field],
          [status.INVALID_ARGUMENT, reason, field],
        );
        return true;
      });
    }
  });
});

function idOf(key: string): ObjectId {
  return parseObjectId({ usecase: 'kept', scopes: [], key });
}
