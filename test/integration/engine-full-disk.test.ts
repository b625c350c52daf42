import {
  hasCode,
  later,
  manualExpiration,
  noCustomPairs,
  parseObjectId,
  type Clock,
  type ObjectId,
  type StorageEngine,
} from '@holdfast/domain';
import { systemClock } from '@holdfast/service-kit';
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { openEmbeddedStore } from '../support/embedded-store.js';
import { skipWithout } from '../support/require-all.js';
import { canMount, mountSmallDisk, type SmallDisk } from '../support/small-disk.js';

const MiB = 1024 * 1024;
const diskBytes = 96 * MiB;
const objectsMax = 200;
const afterDeadlines: Clock = {
  ...systemClock,
  now: () => later(systemClock.now(), 2 * 3_600_000),
};
const metadata = {
  contentType: 'application/octet-stream',
  expiration: manualExpiration,
  custom: noCustomPairs,
};

function idOf(index: number): ObjectId {
  return parseObjectId({ usecase: 'test', scopes: [], key: `object-${index}` });
}

async function put(engine: StorageEngine, index: number, bytes: Buffer): Promise<void> {
  async function* payload(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += MiB) yield bytes.subarray(at, at + MiB);
  }
  const outcome = await engine.putObject({ id: idOf(index), metadata, payload: payload() });
  assert.equal(outcome.kind, 'stored');
}

async function holds(engine: StorageEngine, index: number, bytes: Buffer): Promise<boolean> {
  const got = await engine.getObject({ id: idOf(index) });
  if (got.kind !== 'found') return false;
  const chunks: Uint8Array[] = [];
  for await (const chunk of got.payload) chunks.push(chunk);
  return Buffer.concat(chunks).equals(bytes);
}

/** Small and large objects, by turns, until the disk is full. */
async function fill(engine: StorageEngine): Promise<Map<number, Buffer>> {
  const stored = new Map<number, Buffer>();
  for (let index = 0; index < objectsMax; index += 1) {
    const bytes = randomBytes(index % 2 === 0 ? 64 * 1024 : 3 * MiB);
    try {
      await put(engine, index, bytes);
    } catch (error) {
      assert.ok(hasCode(error, 'STORAGE_FULL'), String(error));
      return stored;
    }
    stored.set(index, bytes);
  }
  throw new Error('the disk never filled up');
}

describe('the engine on a full disk', function () {
  this.timeout(120_000);
  let disk: SmallDisk;

  before(async function () {
    skipWithout(this, await canMount(), 'the right to mount a small file system');
  });
  beforeEach(async () => {
    disk = await mountSmallDisk(diskBytes);
  });
  afterEach(async () => {
    await disk.unmount();
  });

  it('refuses with a clear error, loses nothing, and goes on when there is space', async () => {
    const { engine, dependencies, close } = await openEmbeddedStore(disk.path, afterDeadlines);
    const stored = await fill(engine);
    assert.ok(stored.size > 10, `only ${stored.size} objects fit`);
    for (const [index, bytes] of stored) {
      assert.ok(await holds(engine, index, bytes), `object ${index} is not what it was`);
    }
    assert.deepEqual(await engine.headObject(idOf(stored.size)), { kind: 'not-found' });

    const half = [...stored.keys()].filter((index) => index % 4 < 2);
    for (const index of half) {
      assert.equal((await engine.deleteObject({ id: idOf(index) })).kind, 'deleted');
      stored.delete(index);
    }
    // The deleted objects' changes are due only after the readers' grace.
    for (const change of (await dependencies.changeLog.list({ examinedMax: 1_000 })).changes) {
      const { changeId } = change;
      await engine.settleChange({ changeId, youngChange: 'settle', unnamedBlobs: 'delete' });
    }

    // Not as many as were deleted: the rows keep a reserve, and so does this test.
    for (const index of half.slice(0, half.length / 2)) {
      const bytes = randomBytes(index % 2 === 0 ? 64 * 1024 : 3 * MiB);
      await put(engine, index, bytes);
      stored.set(index, bytes);
    }
    for (const [index, bytes] of stored) {
      assert.ok(await holds(engine, index, bytes), `object ${index} is not what it was`);
    }
    assert.deepEqual(await readdir(join(disk.path, 'blobs', 'tmp')), []);
    const page = await dependencies.longTerm.list(undefined, 1_000);
    const large = [...stored.values()].filter((bytes) => bytes.length > MiB);
    assert.deepEqual([page.blobs.length, page.undecided], [large.length, []]);
    await close();
  });

  it('finds everything again after a restart', async () => {
    const first = await openEmbeddedStore(disk.path);
    const stored = await fill(first.engine);
    await first.close();
    const second = await openEmbeddedStore(disk.path);
    for (const [index, bytes] of stored) {
      assert.ok(await holds(second.engine, index, bytes), `object ${index} is lost`);
    }
    await second.close();
  });
});
