import { DomainError, hasCode, type BlobName } from '@holdfast/domain';
import { nativeChecksum as checksum, systemClock as clock } from '@holdfast/service-kit';
import { createFilesystemTier, type FilesystemTier } from '@holdfast/tier-filesystem';
import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import {
  createBlobSamples,
  payloadOf,
  sampleBytes,
  watchPayload,
} from '../../packages/testkit/src/contracts/blob-samples.js';
import { skipWithout } from '../support/require-all.js';
import { canMount, mountSmallDisk, type SmallDisk } from '../support/small-disk.js';
import { assertWhole, listAll } from '../support/stored-blobs.js';

const MiB = 1024 * 1024;

describe('a file system that is full', () => {
  const newSample = createBlobSamples();
  let disk: SmallDisk;
  let root: string;
  let tier: FilesystemTier;

  before(async function () {
    skipWithout(this, await canMount(), 'the right to mount a file system');
  });

  beforeEach(async () => {
    disk = await mountSmallDisk(8 * MiB);
    root = join(disk.path, 'store');
    tier = await createFilesystemTier({ root }, { clock, checksum });
  });

  afterEach(() => disk.unmount());

  async function create(size: number): Promise<BlobName> {
    const { name, metadata } = newSample();
    await tier.create(name, metadata, payloadOf(sampleBytes(size)));
    return name;
  }

  const isFull = (error: unknown): boolean => hasCode(error, 'STORAGE_FULL');

  it('refuses a blob with STORAGE_FULL and leaves nothing of it', async () => {
    await assert.rejects(create(9 * MiB), (error) => {
      assert.ok(error instanceof DomainError && error.cause instanceof Error);
      return isFull(error);
    });
    assert.deepEqual(await readdir(join(root, 'tmp')), []);
    assert.deepEqual(await listAll(tier), { blobs: [], undecided: [] });
  });

  it('ends the payload of a blob that it refuses', async () => {
    const { name, metadata } = newSample();
    const chunks = Array.from({ length: 100 }, () => sampleBytes(MiB));
    const watched = watchPayload(chunks, async () => ({ done: true, value: undefined }));
    await assert.rejects(tier.create(name, metadata, watched.payload), isFull);
    assert.equal(watched.returns(), 1);
  });

  it('keeps and serves what it held before', async () => {
    const kept = await create(3 * MiB);
    for (let attempt = 0; attempt < 5; attempt += 1) await assert.rejects(create(6 * MiB), isFull);
    await assertWhole(tier, kept);
  });

  it('stores again as soon as there is room', async () => {
    const first = await create(5 * MiB);
    await assert.rejects(create(4 * MiB), isFull);
    assert.equal((await tier.remove(first)).kind, 'removed');
    await assertWhole(tier, await create(4 * MiB));
  });

  it('lets none of many concurrent blobs be torn, when only some of them fit', async () => {
    const results = await Promise.allSettled(Array.from({ length: 12 }, () => create(MiB)));
    const stored = results.filter(({ status }) => status === 'fulfilled');
    assert.ok(stored.length < results.length);
    for (const result of results)
      if (result.status === 'rejected') assert.ok(isFull(result.reason));
    const { blobs, undecided } = await listAll(tier);
    assert.deepEqual(undecided, []);
    assert.equal(blobs.length, stored.length);
    for (const { name } of blobs) await assertWhole(tier, name);
    assert.deepEqual(await readdir(join(root, 'tmp')), []);
  });
});
