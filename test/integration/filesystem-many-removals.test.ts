import type { BlobMetadata, BlobName, RemoveResult } from '@holdfast/domain';
import { nativeChecksum as checksum } from '@holdfast/service-kit';
import assert from 'node:assert/strict';
import { mkdir, rename, truncate } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createBlobSamples } from '../../packages/testkit/src/contracts/blob-samples.js';
import { createHeaderPages } from '../../packages/tier-filesystem/src/header-pages.js';
import { layoutOf, placeOf } from '../../packages/tier-filesystem/src/layout.js';
import { createRemoveBlob } from '../../packages/tier-filesystem/src/remove-blob.js';
import { importTier } from '../support/compiled-tier.js';
import { openFilesystemFixture, type FilesystemFixture } from '../support/filesystem-fixture.js';
import { filesIn, ruinFiles, storeBlob } from '../support/stored-blobs.js';

const payloadBytes = 10;
/** So many that threads remove them. */
const many = 100;

describe('many removals at once', () => {
  const newSample = createBlobSamples();
  let fixture: FilesystemFixture;
  let names: readonly BlobName[];

  beforeEach(async () => {
    const { createFilesystemTier } = await importTier();
    fixture = await openFilesystemFixture(createFilesystemTier);
    names = await Promise.all(Array.from({ length: many }, () => store()));
  });

  afterEach(() => fixture.close());

  const store = (overrides?: Partial<BlobMetadata>): Promise<BlobName> =>
    storeBlob(fixture.tier, newSample(overrides), payloadBytes);

  const placed = (name: BlobName): string => placeOf(layoutOf(fixture.root), name).path;
  const remove = (some: readonly BlobName[]): Promise<PromiseSettledResult<RemoveResult>[]> =>
    Promise.allSettled(some.map((name) => fixture.tier.remove(name)));
  const kindsOf = (results: readonly PromiseSettledResult<RemoveResult>[]): string[] =>
    results.map((result) => (result.status === 'fulfilled' ? result.value.kind : 'failed'));

  const filesLeft = (): Promise<string[]> => filesIn(join(fixture.root, 'blobs'));

  it('each take their own blob and say how large it was', async () => {
    const kept = await store();
    const results = await Promise.all(names.map((name) => fixture.tier.remove(name)));
    assert.deepEqual(
      new Set(results.map((result) => JSON.stringify(result))),
      new Set([JSON.stringify({ kind: 'removed', size: payloadBytes })]),
    );
    assert.deepEqual(await filesLeft(), [placed(kept)]);
  });

  it('of the same blobs: one of each pair answers that it has removed it', async () => {
    const both = kindsOf(await remove([...names, ...names]));
    for (const index of names.keys()) {
      const kinds = new Set([both[index], both[index + many]]);
      assert.deepEqual(kinds, new Set(['absent', 'removed']));
    }
    assert.deepEqual(new Set(kindsOf(await remove(names))), new Set(['absent']));
  });

  it('take a blob whose header is longer than a page, and one that is damaged behind its header', async () => {
    const long = await store({ custom: new Map([['note', 'x'.repeat(6_000)]]) });
    const [torn] = names;
    assert(torn);
    await truncate(placed(torn), 4_096);
    assert.deepEqual(new Set(kindsOf(await remove([...names, long]))), new Set(['removed']));
    assert.deepEqual(await filesLeft(), []);
  });

  it('keep what is not that blob, and tell why, and take the others', async () => {
    const [short, foreign, directory, gone, one, other] = names;
    assert(short && foreign && directory && gone && one && other);
    await ruinFiles({
      short: placed(short),
      foreign: placed(foreign),
      directory: placed(directory),
      gone: placed(gone),
    });
    await mkdir(dirname(placed(one)), { recursive: true });
    await rename(placed(other), placed(one));
    const results = await remove(names);
    const whyOf = (name: BlobName): string => {
      const result = results[names.indexOf(name)];
      return result?.status === 'rejected' ? String(result.reason) : 'it went';
    };
    assert.match(whyOf(short), /too short/);
    assert.match(whyOf(foreign), /no blob file/);
    assert.match(whyOf(directory), /no regular file/);
    assert.match(whyOf(one), /another name/);
    const kinds = kindsOf(results);
    assert.equal(kinds[names.indexOf(gone)], 'absent');
    assert.equal(kinds[names.indexOf(other)], 'absent');
    assert.equal(kinds.filter((kind) => kind === 'removed').length, many - 6);
    assert.equal((await filesLeft()).length, 3);
  });

  it('are made one by one where threads die, and where they could not make them', async () => {
    const answers = [undefined, { kind: 'unlink', unlinked: names.map(() => false) }] as const;
    for (const [index, answer] of answers.entries()) {
      const threads = { readPages: async () => undefined, unlink: async () => answer };
      const layout = layoutOf(fixture.root);
      const pages = createHeaderPages(threads);
      const removeBlob = createRemoveBlob({ layout, checksum, pages, threads });
      const some = names.filter((_, at) => at % answers.length === index);
      const results = await Promise.all(some.map(removeBlob));
      assert.deepEqual(new Set(results.map(({ kind }) => kind)), new Set(['removed']));
    }
    assert.deepEqual(await filesLeft(), []);
  });
});
