import { later, type BlobMetadata, type ObjectMetadata, type Timestamp } from '@holdfast/domain';
import assert from 'node:assert/strict';
import {
  collect,
  createBlobSamples,
  payloadOf,
  sampleBytes,
  type BlobSample,
} from './blob-samples.js';
import { listPages, type LongTermTierFixture } from './long-term-tier-fixture.js';

const MiB = 1024 * 1024;
const start = 1_800_000_000_000 as Timestamp;

export function registerChangeTests(fixture: () => LongTermTierFixture): void {
  const newSample = createBlobSamples();
  const bytes = sampleBytes(3 * MiB);

  async function stored(overrides?: Partial<BlobMetadata>): Promise<BlobSample> {
    const sample = newSample(overrides);
    await fixture().tier.create(sample.name, sample.metadata, payloadOf(bytes));
    return sample;
  }

  async function metadataOf({ name }: BlobSample): Promise<ObjectMetadata> {
    const head = await fixture().tier.head(name);
    assert.equal(head.kind, 'found');
    return head.metadata;
  }

  it('removes a blob and answers how many bytes went', async () => {
    const { name } = await stored();
    const { tier } = fixture();
    assert.deepEqual(await tier.remove(name), { kind: 'removed', size: bytes.length });
    assert.deepEqual(await tier.read(name), { kind: 'absent' });
    assert.deepEqual(await tier.head(name), { kind: 'absent' });
    assert.deepEqual(
      (await listPages(tier, 10)).flatMap(({ blobs }) => blobs),
      [],
    );
    assert.deepEqual(await fixture().leftovers(), []);
  });

  it('answers absent to a second remove, and to one of a name never stored', async () => {
    const { name } = await stored();
    const { tier } = fixture();
    await tier.remove(name);
    assert.deepEqual(await tier.remove(name), { kind: 'absent' });
    assert.deepEqual(await tier.remove(newSample().name), { kind: 'absent' });
  });

  it('answers removed to exactly one of concurrent removes, and removes nothing else', async () => {
    const { name } = await stored();
    const other = await stored();
    const removing = Array.from({ length: 10 }, () => fixture().tier.remove(name));
    const kinds = (await Promise.all(removing)).map(({ kind }) => kind);
    assert.equal(kinds.filter((kind) => kind === 'removed').length, 1);
    assert.equal(kinds.filter((kind) => kind === 'absent').length, removing.length - 1);
    assert.equal((await metadataOf(other)).size, bytes.length);
  });

  it('lets a reader finish that opened the blob before it was removed', async () => {
    const { name } = await stored();
    const { tier } = fixture();
    const started = await tier.read(name);
    const unstarted = await tier.read(name);
    assert.ok(started.kind === 'found' && unstarted.kind === 'found');
    const iterator = started.payload[Symbol.asyncIterator]();
    const first = await iterator.next();
    assert.equal(first.done, false);
    await tier.remove(name);
    const rest = await collect({ [Symbol.asyncIterator]: () => iterator });
    assert.ok(Buffer.concat([first.value, rest]).equals(bytes));
    assert.ok(Buffer.from(await collect(unstarted.payload)).equals(bytes));
  });

  it('moves the expiry forward and changes nothing else', async () => {
    const sample = await stored({ timeExpires: start });
    const before = await metadataOf(sample);
    for (const ms of [1, 1000, 5_000_000]) {
      const timeExpires = later(start, ms);
      assert.equal(await fixture().tier.extend(sample.name, timeExpires), 'extended');
      assert.deepEqual(await metadataOf(sample), { ...before, timeExpires });
    }
    const read = await fixture().tier.read(sample.name);
    assert.equal(read.kind, 'found');
    assert.deepEqual([read.size, read.crc32c], [before.size, before.crc32c]);
    assert.ok(Buffer.from(await collect(read.payload)).equals(bytes));
  });

  it('never moves the expiry backward, and may be told the same again', async () => {
    const sample = await stored({ timeExpires: start });
    const { tier } = fixture();
    for (const ms of [500, 500, 499, 100, 0]) {
      assert.equal(await tier.extend(sample.name, later(start, ms)), 'extended');
      assert.equal((await metadataOf(sample)).timeExpires, later(start, 500));
    }
  });

  it('gives no expiry to a blob that never expires', async () => {
    const sample = await stored();
    assert.equal(await fixture().tier.extend(sample.name, start), 'extended');
    assert.equal((await metadataOf(sample)).timeExpires, undefined);
  });

  it('keeps the latest of concurrent extensions', async () => {
    const sample = await stored({ timeExpires: start });
    const extending = [3, 9, 1, 7, 10, 2, 8, 4, 6, 5].map((ms) =>
      fixture().tier.extend(sample.name, later(start, ms)),
    );
    await Promise.all(extending);
    assert.equal((await metadataOf(sample)).timeExpires, later(start, 10));
    assert.deepEqual(await fixture().leftovers(), []);
  });

  it('answers absent to extend for a name never stored, and for one removed', async () => {
    const { tier } = fixture();
    assert.equal(await tier.extend(newSample().name, start), 'absent');
    const { name } = await stored({ timeExpires: start });
    assert.equal(await tier.extend(name, later(start, 1)), 'extended');
    await tier.remove(name);
    assert.equal(await tier.extend(name, later(start, 2)), 'absent');
  });
}
