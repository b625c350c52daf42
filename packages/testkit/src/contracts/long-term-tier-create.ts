import { DomainError, type Payload } from '@holdfast/domain';
import assert from 'node:assert/strict';
import {
  collect,
  createBlobSamples,
  largestSample,
  payloadOf,
  sampleBytes,
  watchPayload,
  type BlobSample,
} from './blob-samples.js';
import { listPages, type LongTermTierFixture } from './long-term-tier-fixture.js';

const KiB = 1024;
const MiB = 1024 * KiB;

export function registerCreateTests(fixture: () => LongTermTierFixture): void {
  const newSample = createBlobSamples();

  async function assertHolds({ name, metadata }: BlobSample, bytes: Uint8Array): Promise<void> {
    const { tier, checksum } = fixture();
    const expected = { size: bytes.length, crc32c: checksum.crc32c(bytes, 0) };
    const head = await tier.head(name);
    assert.deepEqual(head, { kind: 'found', metadata: { ...metadata, ...expected } });
    const read = await tier.read(name);
    assert.equal(read.kind, 'found');
    assert.deepEqual({ size: read.size, crc32c: read.crc32c }, expected);
    assert.ok(Buffer.from(await collect(read.payload)).equals(bytes), 'the bytes are the same');
  }

  async function assertNothingLeft({ name }: BlobSample): Promise<void> {
    const { tier } = fixture();
    assert.deepEqual(await tier.head(name), { kind: 'absent' });
    assert.deepEqual(await tier.read(name), { kind: 'absent' });
    const pages = await listPages(tier, 100);
    assert.deepEqual(
      pages.flatMap(({ blobs, undecided }) => [...blobs, ...undecided]),
      [],
    );
    assert.deepEqual(await fixture().leftovers(), []);
  }

  for (const size of [0, 1, 256 * KiB, MiB + 1]) {
    it(`stores ${size} bytes and answers their size and checksum`, async () => {
      const sample = newSample();
      const bytes = sampleBytes(size);
      const result = await fixture().tier.create(sample.name, sample.metadata, payloadOf(bytes));
      const crc32c = fixture().checksum.crc32c(bytes, 0);
      assert.deepEqual(result, { kind: 'created', size, crc32c });
      await assertHolds(sample, bytes);
      assert.deepEqual(await fixture().leftovers(), []);
    });
  }

  for (const chunkBytes of [1, 1000, 300 * KiB, 3 * MiB]) {
    it(`stores a payload that comes in chunks of ${chunkBytes} bytes`, async () => {
      const sample = newSample();
      const bytes = sampleBytes(chunkBytes === 1 ? 10_001 : 3 * MiB + 5);
      const payload = payloadOf(bytes, chunkBytes);
      await fixture().tier.create(sample.name, sample.metadata, payload);
      await assertHolds(sample, bytes);
    });
  }

  it('stores a payload in which small and large chunks and empty ones take turns', async () => {
    const sample = newSample();
    const sizes = [0, 1, 255 * KiB, 2 * MiB, 7, 256 * KiB, 0, 256 * KiB - 1, 2, MiB];
    const chunks = sizes.map((size, at) => sampleBytes(size, at + 1));
    const { payload } = watchPayload(chunks, async () => ({ done: true, value: undefined }));
    await fixture().tier.create(sample.name, sample.metadata, payload);
    await assertHolds(sample, Buffer.concat(chunks));
  });

  it('keeps every field of the metadata and the longest name', async () => {
    const sample = largestSample();
    const bytes = sampleBytes(5000);
    await fixture().tier.create(sample.name, sample.metadata, payloadOf(bytes));
    await assertHolds(sample, bytes);
    const [page] = await listPages(fixture().tier, 10);
    const { timeCreated } = sample.metadata;
    assert.deepEqual(page?.blobs, [{ name: sample.name, size: 5000, timeCreated }]);
  });

  it('answers exists for a name that is taken, and changes nothing', async () => {
    const sample = newSample();
    const first = sampleBytes(300 * KiB, 1);
    await fixture().tier.create(sample.name, sample.metadata, payloadOf(first));
    const other = { ...sample.metadata, contentType: 'image/png' };
    const second = payloadOf(sampleBytes(MiB, 2));
    const result = await fixture().tier.create(sample.name, other, second);
    assert.deepEqual(result, { kind: 'exists' });
    await assertHolds(sample, first);
    assert.deepEqual(await fixture().leftovers(), []);
  });

  it('lets exactly one of 20 concurrent creates of a name win, with its own bytes', async () => {
    const sample = newSample();
    const contents = Array.from({ length: 20 }, (_, at) => sampleBytes(10_000 + at, at + 1));
    const results = await Promise.all(
      contents.map((bytes, at) => {
        const metadata = { ...sample.metadata, origin: `writer ${at}` };
        return fixture().tier.create(sample.name, metadata, payloadOf(bytes));
      }),
    );
    const winners = [...results.keys()].filter((at) => results[at]?.kind === 'created');
    assert.equal(winners.length, 1);
    const [winner = -1] = winners;
    const metadata = { ...sample.metadata, origin: `writer ${winner}` };
    await assertHolds({ ...sample, metadata }, contents[winner] ?? new Uint8Array());
    assert.deepEqual(await fixture().leftovers(), []);
  });

  it('asks the payload for one chunk at a time', async () => {
    const sample = newSample();
    const chunks = Array.from({ length: 20 }, () => sampleBytes(100 * KiB));
    const watched = watchPayload(chunks, async () => ({ done: true, value: undefined }));
    await fixture().tier.create(sample.name, sample.metadata, watched.payload);
    assert.equal(watched.owedMax(), 1);
  });

  it('passes an error of the payload through and leaves nothing', async () => {
    const sample = newSample();
    // Of the looks of the storage's own errors, for which it must not be taken.
    const system = { code: 'ENOSPC', errno: -28, syscall: 'read' };
    const thrown = Object.assign(new Error('the source of the payload failed'), system);
    const payload = (async function* (): Payload {
      yield sampleBytes(2 * MiB);
      throw thrown;
    })();
    const creating = fixture().tier.create(sample.name, sample.metadata, payload);
    await assert.rejects(creating, (error) => error === thrown);
    await assertNothingLeft(sample);
  });

  it('passes on the CANCELLED of a payload that is given up, and leaves nothing', async () => {
    const sample = newSample();
    const cancelled = new DomainError({ code: 'CANCELLED' });
    const giveUp = (): Promise<never> => Promise.reject(cancelled);
    const watched = watchPayload([sampleBytes(2 * MiB), sampleBytes(100)], giveUp);
    const creating = fixture().tier.create(sample.name, sample.metadata, watched.payload);
    await assert.rejects(creating, (error) => error === cancelled);
    assert.equal(watched.returns(), 0, 'a payload that threw has ended');
    await assertNothingLeft(sample);
  });

  it('can store under a name whose earlier create has failed', async () => {
    const sample = newSample();
    const { name, metadata } = sample;
    const failing = watchPayload([sampleBytes(MiB)], () => Promise.reject(new Error('lost')));
    await assert.rejects(fixture().tier.create(name, metadata, failing.payload), /lost/);
    const bytes = sampleBytes(1000);
    await fixture().tier.create(name, metadata, payloadOf(bytes));
    await assertHolds(sample, bytes);
  });
}
