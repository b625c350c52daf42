import { hasCode, type BlobName, type BlobPage } from '@holdfast/domain';
import assert from 'node:assert/strict';
import { createBlobSamples, payloadOf, sampleBytes } from './blob-samples.js';
import { listPages, type LongTermTierFixture } from './long-term-tier-fixture.js';

const blobCount = 15;

export function registerListTests(fixture: () => LongTermTierFixture): void {
  const newSample = createBlobSamples();

  async function store(size = 10): Promise<BlobName> {
    const { name, metadata } = newSample();
    await fixture().tier.create(name, metadata, payloadOf(sampleBytes(size)));
    return name;
  }

  async function storeMany(count: number): Promise<BlobName[]> {
    const names: BlobName[] = [];
    while (names.length < count) names.push(await store());
    return names;
  }

  it('answers an empty page for an empty tier', async () => {
    assert.deepEqual(namesOf(await listPages(fixture().tier, 10)), []);
  });

  it('tells the name, size and time of creation of each blob', async () => {
    const { name, metadata } = newSample();
    await fixture().tier.create(name, metadata, payloadOf(sampleBytes(1234)));
    const { blobs } = await fixture().tier.list(undefined, 10);
    assert.deepEqual(blobs, [{ name, size: 1234, timeCreated: metadata.timeCreated }]);
  });

  for (const limit of [1, 2, 7, blobCount, 100]) {
    it(`shows every blob exactly once on pages of ${limit}, in the same order again`, async () => {
      const names = await storeMany(blobCount);
      const pages = await listPages(fixture().tier, limit);
      assert.deepEqual(namesOf(pages).toSorted(), names.toSorted());
      assert.ok(pages.every(({ blobs }) => blobs.length <= limit));
      assert.deepEqual(namesOf(await listPages(fixture().tier, limit)), namesOf(pages));
    });
  }

  for (const limit of [1, 2, 7]) {
    it(`shows what stays exactly once on pages of ${limit} while others come and go`, async () => {
      const staying: BlobName[] = [];
      const going: BlobName[] = [];
      while (staying.length < blobCount) {
        staying.push(await store());
        going.push(await store());
      }
      // Bounded, for a listing that finds what is created while it goes on might not end.
      const pages = await listPages(fixture().tier, limit, async () => {
        const name = going.pop();
        if (name === undefined) return;
        await fixture().tier.remove(name);
        await store();
      });
      const listed = namesOf(pages);
      assert.equal(new Set(listed).size, listed.length, 'no blob is shown twice');
      const ofStaying = listed.filter((name) => staying.includes(name));
      assert.deepEqual(ofStaying.toSorted(), staying.toSorted());
    });
  }

  it('goes on from a cursor whose blob was removed', async () => {
    const names = await storeMany(6);
    const first = await fixture().tier.list(undefined, 3);
    for (const { name } of first.blobs) await fixture().tier.remove(name);
    const second = await fixture().tier.list(first.next, 100);
    assert.deepEqual(namesOf([first, second]).toSorted(), names.toSorted());
  });

  const junk = ['', 'junk', '../../etc/passwd', '\u0000', 'AFTER:', '😀', 'f'.repeat(100_000)];
  for (const cursor of junk) {
    const shown = JSON.stringify(cursor.slice(0, 20));
    it(`answers INVALID_PAGE to the cursor ${shown} that it never gave`, async () => {
      await store();
      const listing = fixture().tier.list(cursor, 10);
      await assert.rejects(listing, (error) => hasCode(error, 'INVALID_PAGE'));
    });
  }

  it('shows what is no blob of ours as undecided, and leaves it there', async () => {
    const names = await storeMany(5);
    await fixture().addForeign();
    for (const limit of [1, 3, 100]) {
      const pages = await listPages(fixture().tier, limit);
      const undecided = pages.flatMap((page) => page.undecided);
      assert.equal(undecided.length, 1);
      assert.ok(pages.every((page) => page.blobs.length + page.undecided.length <= limit));
      assert.ok(undecided[0]?.where !== '' && undecided[0]?.why !== '');
      assert.deepEqual(namesOf(pages).toSorted(), names.toSorted());
    }
  });
}

function namesOf(pages: readonly BlobPage[]): BlobName[] {
  return pages.flatMap(({ blobs }) => blobs.map(({ name }) => name));
}
