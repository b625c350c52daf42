import type { BlobName, BlobPage } from '@holdfast/domain';
import { nativeChecksum as checksum } from '@holdfast/service-kit';
import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { basename } from 'node:path';
import { createBlobSamples, payloadOf } from '../../packages/testkit/src/contracts/blob-samples.js';
import {
  createReadDirectory,
  createReadFanOut,
  type ReadNames,
} from '../../packages/tier-filesystem/src/found-names.js';
import { createFileThreads } from '../../packages/tier-filesystem/src/file-threads.js';
import { createHeaderPages } from '../../packages/tier-filesystem/src/header-pages.js';
import { createInspectFiles } from '../../packages/tier-filesystem/src/inspect-files.js';
import { layoutOf, placeOf, type BlobPlace } from '../../packages/tier-filesystem/src/layout.js';
import { listBlobs } from '../../packages/tier-filesystem/src/list-blobs.js';
import { openFilesystemFixture, type FilesystemFixture } from '../support/filesystem-fixture.js';

/** So many that the headers of a large page are read by a thread. */
const many = 60;
const pageSizes = [1, 2, 7, many, 1_000];

describe('a listing past directories that cannot be read', () => {
  const newSample = createBlobSamples();
  /** How reading the names in a directory fails. */
  const failures = new Map<string, string>();
  let fixture: FilesystemFixture;
  let names: ReadonlyMap<BlobName, BlobPlace>;
  let list: (cursor: string | undefined, limit: number) => Promise<BlobPage>;

  beforeEach(async () => {
    fixture = await openFilesystemFixture();
    const layout = layoutOf(fixture.root);
    const readNames: ReadNames = async (path) => {
      const code = failures.get(basename(path));
      if (code === undefined) return readdir(path);
      throw Object.assign(new Error(`${code}: the test says so`), { code, syscall: 'scandir' });
    };
    const tools = {
      layout,
      readFanOut: createReadFanOut(layout),
      readDirectory: createReadDirectory(layout, readNames),
      inspectFiles: createInspectFiles(checksum, createHeaderPages(createFileThreads())),
    };
    list = (cursor, limit) => listBlobs(cursor, limit, tools);
    names = new Map(await Promise.all(Array.from({ length: many }, () => store(layout))));
  });

  afterEach(async () => {
    failures.clear();
    await fixture.close();
  });

  async function store(layout: ReturnType<typeof layoutOf>): Promise<[BlobName, BlobPlace]> {
    const { name, metadata } = newSample();
    await fixture.tier.create(name, metadata, payloadOf(Buffer.of(1)));
    return [name, placeOf(layout, name)];
  }

  const fanOuts = (): string[] =>
    [...new Set([...names.values()].map(({ fanOut }) => fanOut))].toSorted();
  const outside = (unread: readonly string[]): BlobName[] =>
    [...names].filter(([, { fanOut }]) => !unread.includes(fanOut)).map(([name]) => name);

  /** What the pages from `cursor` on show, each of them within its limit. */
  async function listFrom(cursor: string | undefined, limit: number) {
    const blobs: BlobName[] = [];
    const undecided: BlobPage['undecided'][number][] = [];
    let next = cursor;
    do {
      const page = await list(next, limit);
      assert.ok(page.blobs.length + page.undecided.length <= limit, 'the page is bounded');
      blobs.push(...page.blobs.map(({ name }) => name));
      undecided.push(...page.undecided);
      next = page.next;
    } while (next !== undefined);
    return { blobs, undecided };
  }

  for (const code of ['EACCES', 'EPERM', 'EIO', 'ENOTDIR']) {
    it(`shows each that fails with ${code} once, and everything else, in pages of any size`, async () => {
      const all = fanOuts();
      // The first, the last, and two in a row.
      const unread = [all[0], all[5], all[6], all.at(-1)].filter((one) => one !== undefined);
      for (const fanOut of unread) failures.set(fanOut, code);
      for (const limit of pageSizes) {
        const { blobs, undecided } = await listFrom(undefined, limit);
        assert.deepEqual(blobs.toSorted(), outside(unread).toSorted());
        const why = `${code}: the test says so`;
        assert.deepEqual(
          undecided,
          unread.map((fanOut) => ({ where: `blobs/${fanOut}`, why })),
        );
      }
    });
  }

  it('shows one that fails while a listing is half through it', async () => {
    const [place] = [...names.values()].toSorted((a, b) => (a.hash < b.hash ? -1 : 1));
    assert(place !== undefined);
    const { next } = await list(undefined, 1);
    assert.equal(next, place.hash);
    failures.set(place.fanOut, 'EIO');
    const { blobs, undecided } = await listFrom(next, 2);
    assert.deepEqual(
      undecided.map(({ where }) => where),
      [`blobs/${place.fanOut}`],
    );
    assert.deepEqual(blobs.toSorted(), outside([place.fanOut]).toSorted());
  });

  it('shows what is in one again as soon as it can be read', async () => {
    const [fanOut = ''] = fanOuts();
    failures.set(fanOut, 'EACCES');
    assert.equal((await listFrom(undefined, many)).undecided.length, 1);
    failures.clear();
    const { blobs, undecided } = await listFrom(undefined, many);
    assert.deepEqual([blobs.length, undecided], [many, []]);
  });

  it('fails as a whole where the reason is no matter of the directory', async () => {
    const [fanOut = ''] = fanOuts();
    failures.set(fanOut, 'EMFILE');
    await assert.rejects(listFrom(undefined, many), { code: 'EMFILE' });
    failures.set(fanOut, 'ENOENT');
    const { undecided } = await listFrom(undefined, many);
    assert.deepEqual(undecided, []);
  });
});
