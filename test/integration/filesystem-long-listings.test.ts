import type { BlobMetadata, BlobName } from '@holdfast/domain';
import assert from 'node:assert/strict';
import { mkdir, rename, truncate, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createBlobSamples } from '../../packages/testkit/src/contracts/blob-samples.js';
import { layoutOf, placeOf } from '../../packages/tier-filesystem/src/layout.js';
import { importTier } from '../support/compiled-tier.js';
import { openFilesystemFixture, type FilesystemFixture } from '../support/filesystem-fixture.js';
import { listAll, ruinFiles, storeBlob } from '../support/stored-blobs.js';

const payloadBytes = 10;
const pageSize = 1_000;
/** So many that their headers are read by a thread. */
const many = 150;

describe('a listing of many files', () => {
  const newSample = createBlobSamples();
  let fixture: FilesystemFixture;

  beforeEach(async () => {
    const { createFilesystemTier } = await importTier();
    fixture = await openFilesystemFixture(createFilesystemTier);
  });

  afterEach(() => fixture.close());

  const store = (overrides?: Partial<BlobMetadata>): Promise<BlobName> =>
    storeBlob(fixture.tier, newSample(overrides), payloadBytes);

  const storeMany = (): Promise<BlobName[]> =>
    Promise.all(Array.from({ length: many }, () => store()));
  const placed = (name: BlobName): string => placeOf(layoutOf(fixture.root), name).path;

  it('names each blob, as pages of any size do', async () => {
    const names = await storeMany();
    const { blobs, next } = await fixture.tier.list(undefined, pageSize);
    assert.equal(next, undefined);
    assert.deepEqual(blobs.map(({ name }) => name).toSorted(), names.toSorted());
    const one = await fixture.tier.list(undefined, 1);
    assert.deepEqual(one.blobs, blobs.slice(0, 1));
    assert.deepEqual((await listAll(fixture.tier)).blobs, blobs);
  });

  it('names blobs whose headers are longer than a page', async () => {
    await storeMany();
    const long = await store({ custom: new Map([['note', 'x'.repeat(6_000)]]) });
    const { blobs } = await fixture.tier.list(undefined, pageSize);
    assert.equal(blobs.length, many + 1);
    assert.ok(blobs.some(({ name, size }) => name === long && size === payloadBytes));
  });

  it('shows what is no whole blob, and why, and skips what is gone', async () => {
    const [short, torn, foreign, directory, gone] = await storeMany();
    assert(short && torn && foreign && directory && gone);
    await ruinFiles({
      short: placed(short),
      foreign: placed(foreign),
      directory: placed(directory),
      gone: placed(gone),
    });
    await truncate(placed(torn), 4_096);
    const { blobs, undecided } = await fixture.tier.list(undefined, pageSize);
    assert.equal(blobs.length, many - 5);
    const whys = new Map(undecided.map(({ where, why }) => [where, why]));
    const whyOf = (name: BlobName) => whys.get(placeOf(layoutOf(fixture.root), name).where);
    assert.match(whyOf(short) ?? '', /too short/);
    assert.match(whyOf(torn) ?? '', /4096 bytes long instead of 4106/);
    assert.match(whyOf(foreign) ?? '', /no blob file/);
    assert.match(whyOf(directory) ?? '', /no regular file/);
  });

  it('finds what came into new directories since the last one', async () => {
    await storeMany();
    const folder = join(fixture.root, 'blobs');
    const longAgo = new Date(Date.now() - 3_600_000);
    await utimes(folder, longAgo, longAgo);
    const before = await fixture.tier.list(undefined, pageSize);
    assert.equal(before.blobs.length, many);
    assert.deepEqual(await fixture.tier.list(undefined, pageSize), before);
    await Promise.all(Array.from({ length: 5 }, () => store()));
    const after = await fixture.tier.list(undefined, pageSize);
    assert.equal(after.blobs.length, many + 5);
    await writeFile(join(folder, 'notes.txt'), 'not a blob');
    assert.equal((await fixture.tier.list(undefined, pageSize)).undecided.length, 1);
  });

  it('shows a blob that lies where another one belongs', async () => {
    const [one, other] = await storeMany();
    assert(one && other);
    await mkdir(dirname(placed(one)), { recursive: true });
    await rename(placed(other), placed(one));
    const { undecided } = await fixture.tier.list(undefined, pageSize);
    assert.deepEqual(
      undecided.map(({ why }) => why),
      ['it holds a blob of another name'],
    );
  });
});
