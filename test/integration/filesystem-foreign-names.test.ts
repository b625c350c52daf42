import assert from 'node:assert/strict';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createBlobSamples, payloadOf } from '../../packages/testkit/src/contracts/blob-samples.js';
import { layoutOf, placeOf } from '../../packages/tier-filesystem/src/layout.js';
import { openFilesystemFixture, type FilesystemFixture } from '../support/filesystem-fixture.js';
import { skipWithout } from '../support/require-all.js';

const blobCount = 6;

describe('names in a directory of blobs that are none of blobs', () => {
  const newSample = createBlobSamples();
  let fixture: FilesystemFixture;
  let blobs: string;
  /** A directory of the fan-out. */
  let near: string;

  beforeEach(async () => {
    fixture = await openFilesystemFixture();
    blobs = join(fixture.root, 'blobs');
    for (let count = 0; count < blobCount; count += 1) {
      const { name, metadata } = newSample();
      await fixture.tier.create(name, metadata, payloadOf(Buffer.of(1)));
      near = placeOf(layoutOf(fixture.root), name).directory;
    }
  });

  afterEach(() => fixture.close());

  /** What whole listings of all sizes of pages show, once it is sure that each shows the same. */
  async function shown(): Promise<string[]> {
    const listings: string[][] = [];
    for (const limit of [1, 2, 3, 100]) {
      const places: string[] = [];
      let found = 0;
      let cursor: string | undefined;
      do {
        const page = await fixture.tier.list(cursor, limit);
        assert.ok(page.blobs.length + page.undecided.length <= limit, 'the page is bounded');
        found += page.blobs.length;
        places.push(...page.undecided.map(({ where }) => join(fixture.root, where)));
        cursor = page.next;
      } while (cursor !== undefined);
      assert.equal(found, blobCount);
      listings.push(places);
    }
    for (const places of listings) assert.deepEqual(places, listings[0]);
    return listings[0] ?? [];
  }

  it('are each shown once, wherever they lie and however small the pages', async () => {
    const strange = ['README', 'zzz', '0', 'a'.repeat(200)].map((name) => join(blobs, name));
    for (const name of ['.x', 'y.tmp', '0', 'f'.repeat(63), 'é']) strange.push(join(near, name));
    // In the directory of another.
    const misplaced = near.endsWith('0') ? 'f'.repeat(64) : '0'.repeat(64);
    strange.push(join(near, misplaced));
    for (const path of strange) await writeFile(path, 'x');
    assert.deepEqual((await shown()).toSorted(), strange.toSorted());
    for (const path of strange) assert.equal(await readFile(path, 'utf8'), 'x');
  });

  it('are each shown once also when they are no UTF-8', async function () {
    const path = (byte: number): Buffer =>
      Buffer.concat([Buffer.from(`${near}/`), Buffer.of(byte)]);
    try {
      for (const byte of [0xc0, 0xc1, 0xff]) await writeFile(path(byte), 'x');
    } catch {
      skipWithout(this, false, 'a file system that takes any bytes for a name');
    }
    assert.deepEqual(
      await shown(),
      Array.from({ length: 3 }, () => join(near, '\ufffd')),
    );
  });

  it('are not followed when they lead to what is like a directory of blobs', async () => {
    const missing = ['abc', 'abd', 'abe'].map((name) => join(blobs, name));
    const [link = '', file = '', directory = ''] = missing.filter((path) => path !== near);
    await symlink(near, link);
    if (file !== '') await writeFile(file, 'x');
    if (directory !== '') await mkdir(directory);
    assert.deepEqual(
      (await shown()).toSorted(),
      [link, file].filter((path) => path !== ''),
    );
  });
});
