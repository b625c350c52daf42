import { hasCode, type HighVolumeTier, type InlineRow, type ObjectId } from '@holdfast/domain';
import { systemClock } from '@holdfast/service-kit';
import { createRowFixtures } from '@holdfast/testkit';
import { openLmdbStore, type LmdbOptions, type LmdbStore } from '@holdfast/tier-lmdb';
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createLmdbChangeLog } from '../../packages/tier-lmdb/src/change-log.js';
import {
  openEnvironment,
  rewriteFormat,
  transactIn,
} from '../../packages/tier-lmdb/src/environment.js';
import { createGroupCommit } from '../../packages/tier-lmdb/src/group-commit.js';
import { createLmdbHighVolumeTier } from '../../packages/tier-lmdb/src/high-volume-tier.js';
import { resolveLmdbOptions } from '../../packages/tier-lmdb/src/options.js';
import { createReadCurrent } from '../../packages/tier-lmdb/src/read-current.js';
import { createSpaceGauge } from '../../packages/tier-lmdb/src/space-gauge.js';
import { makeTemporaryDirectory, withLmdbStore } from '../support/lmdb-store.js';
import { skipWithout } from '../support/require-all.js';
import { canMount, mountSmallDisk, type SmallDisk } from '../support/small-disk.js';

const MiB = 1024 * 1024;
const diskBytes = 16 * MiB;
const payloadBytes = 200_000;
/** Far more rows than fit. */
const rowsMax = 1_000;

const make = createRowFixtures(systemClock);
const isFull = (error: unknown): boolean => hasCode(error, 'STORAGE_FULL');

describe('LMDB on a full disk', () => {
  let disk: SmallDisk;
  let store: LmdbStore | undefined;

  before(async function () {
    skipWithout(this, await canMount(), 'the right to mount a small file system');
  });
  beforeEach(async () => {
    disk = await mountSmallDisk(diskBytes);
  });
  afterEach(async () => {
    await store?.close();
    store = undefined;
    await disk.unmount();
  });

  async function open(gauge: Gauge): Promise<HighVolumeTier> {
    const options = { directory: join(disk.path, 'store'), reservedBytes: 2 * MiB };
    store = await (gauge === 'gauged'
      ? openLmdbStore(options, { clock: systemClock })
      : openUngaugedStore(options));
    return store.highVolumeTier;
  }

  // With its gauge the store refuses in time; without it LMDB runs into the end of the disk.
  for (const gauge of ['gauged', 'ungauged'] as const) {
    describe(`in a store that is ${gauge}`, () => {
      it('refuses what does not fit, changes nothing and keeps what it has', async () => {
        const tier = await open(gauge);
        const stored = await fill(tier);
        assert.ok(stored.length > 10);
        const [survivor] = stored;
        assert.ok(survivor);
        await assert.rejects(tier.putInline(survivor, large(255)), isFull);
        await assertIntact(tier, stored);
      });

      it('goes on as soon as something else makes room', async () => {
        const ballast = join(disk.path, 'ballast');
        await writeFile(ballast, new Uint8Array(6 * MiB));
        const tier = await open(gauge);
        const stored = await fill(tier);
        await rm(ballast);
        const more = make.id();
        assert.equal(await tier.putInline(more, large(stored.length)), 'stored');
        await assertIntact(tier, [...stored, more]);
      });

      it('survives many refusals, and what it kept can be read after it is opened anew', async () => {
        const tier = await open(gauge);
        const stored = await fill(tier);
        for (let attempt = 0; attempt < 50; attempt += 1) {
          const attempts = Array.from({ length: 4 }, () => tier.putInline(make.id(), large(1)));
          for (const put of attempts) await put.catch((error: unknown) => assert.ok(isFull(error)));
        }
        await store?.close();
        await assertIntact(await open(gauge), stored);
      });
    });
  }

  it('deletes, fences and settles while it refuses to store, and then stores again', async () => {
    const tier = await open('gauged');
    const stored = await fill(tier);
    const keep = stored.slice(0, -10);
    const calls = stored.slice(-10).map((id) => tier.deleteInline(id));
    const refused = tier.putInline(make.id(), large(1));
    await assert.rejects(refused, isFull);
    assert.deepEqual(new Set(await Promise.all(calls)), new Set(['deleted']));
    await tier.fence(make.id(), make.changeId());
    await store?.changeLog.remove(make.changeId());
    const again = make.id();
    assert.equal(await tier.putInline(again, large(keep.length)), 'stored');
    await assertIntact(tier, [...keep, again]);
  });

  it('lets what needs no space through when the disk ends in the middle of a batch', async () => {
    const tier = await open('ungauged');
    const stored = await fill(tier);
    const [victim, ...keep] = stored;
    assert.ok(victim);
    const puts = Array.from({ length: 3 }, () => tier.putInline(make.id(), large(1)));
    const deletion = tier.deleteInline(victim);
    const refused = await Promise.allSettled(puts);
    assert.ok(refused.every((put) => put.status === 'rejected' && isFull(put.reason)));
    assert.equal(await deletion, 'deleted');
    assert.equal((await tier.read(victim)).kind, 'absent');
    await assertIntact(tier, keep, 1);
  });

  it('is refused by a message when the disk is full before it is opened', async () => {
    await writeFile(join(disk.path, 'ballast'), new Uint8Array(2 * diskBytes)).catch(() => {});
    // In a process of its own, as a page that cannot be had would end it by a signal.
    const script = fileURLToPath(new URL('../support/lmdb-put-once.ts', import.meta.url));
    const flags = ['--import=tsx', '--conditions=@holdfast/source'];
    const { signal, stderr } = spawnSync(
      process.execPath,
      [...flags, script, join(disk.path, 'store'), 'key'],
      { encoding: 'utf8' },
    );
    assert.equal(signal, null);
    assert.match(stderr, /STORAGE_FULL/);
  });
});

describe('LMDB with a limit to its size', () => {
  it('refuses what exceeds it and stores again after deletions', async () => {
    const directory = await makeTemporaryDirectory();
    try {
      const options = { directory, sizeBytesMax: 4 * MiB, reservedBytes: 0 };
      await withLmdbStore(options, systemClock, async ({ highVolumeTier: tier }) => {
        const stored = await fill(tier);
        assert.ok(stored.length >= 10 && stored.length <= 20, `${stored.length} rows`);
        for (const id of stored.slice(-3)) await tier.deleteInline(id);
        assert.equal(await tier.putInline(make.id(), large(1)), 'stored');
        await assertIntact(tier, stored.slice(0, -3));
      });
    } finally {
      await rm(directory, { recursive: true });
    }
  });
});

type Gauge = 'gauged' | 'ungauged';

/** The store as `openLmdbStore` makes it, but for its look at the space that is left. */
async function openUngaugedStore(options: LmdbOptions): Promise<LmdbStore> {
  const resolved = resolveLmdbOptions(options);
  const environment = await openEnvironment(resolved);
  const gauge = createSpaceGauge(resolved, environment);
  const commits = createGroupCommit(resolved, {
    transact: transactIn(environment),
    touch: () => rewriteFormat(environment),
    space: { ...gauge, roomBytes: () => Infinity },
  });
  const readCurrent = createReadCurrent(environment, () => false);
  const dependencies = { clock: systemClock, environment, commits, readCurrent };
  return {
    highVolumeTier: createLmdbHighVolumeTier(dependencies),
    changeLog: createLmdbChangeLog(dependencies),
    async close() {
      await commits.close();
      await environment.root.close();
    },
  };
}

function large(byte: number): InlineRow {
  const payload = new Uint8Array(payloadBytes).fill(byte);
  return { ...make.inline('', { size: payloadBytes }), payload };
}

/** Stores rows, each filled with its number, until the store is full. */
async function fill(tier: HighVolumeTier): Promise<ObjectId[]> {
  const stored: ObjectId[] = [];
  while (stored.length < rowsMax) {
    const id = make.id();
    try {
      await tier.putInline(id, large(stored.length));
    } catch (error) {
      assert.ok(isFull(error), String(error));
      assert.equal((await tier.read(id)).kind, 'absent');
      return stored;
    }
    stored.push(id);
  }
  throw new Error('the store does not get full');
}

async function assertIntact(
  tier: HighVolumeTier,
  ids: readonly ObjectId[],
  numberOfFirst = 0,
): Promise<void> {
  for (const [index, id] of ids.entries()) {
    const row = await tier.read(id);
    assert.ok(row.kind === 'inline', `row ${index} is ${row.kind}`);
    const expected = (index + numberOfFirst) & 0xff;
    assert.ok(
      row.payload.every((byte) => byte === expected),
      `row ${index} is damaged`,
    );
  }
}
