import { hasCode, type ByteSpan, type Payload } from '@holdfast/domain';
import assert from 'node:assert/strict';
import {
  collect,
  createBlobSamples,
  payloadOf,
  sampleBytes,
  type BlobSample,
} from './blob-samples.js';
import type { LongTermTierFixture } from './long-term-tier-fixture.js';

const MiB = 1024 * 1024;
const size = 2 * MiB + 3;
const looksMax = 10_000;

export function registerReadTests(fixture: () => LongTermTierFixture): void {
  const newSample = createBlobSamples();
  const bytes = sampleBytes(size);

  async function stored(): Promise<BlobSample> {
    const sample = newSample();
    await fixture().tier.create(sample.name, sample.metadata, payloadOf(bytes));
    return sample;
  }

  async function open(span?: ByteSpan, signal?: AbortSignal): Promise<Payload> {
    const { name } = await stored();
    const read = await fixture().tier.read(name, span, signal);
    assert.equal(read.kind, 'found');
    return read.payload;
  }

  const spans: readonly (readonly [string, ByteSpan])[] = [
    ['the first byte', { offset: 0, length: 1 }],
    ['the last byte', { offset: size - 1, length: 1 }],
    ['a part of the middle', { offset: 4095, length: MiB + 2 }],
    ['the second half', { offset: MiB, length: size - MiB }],
    ['the whole blob', { offset: 0, length: size }],
  ];
  for (const [what, span] of spans) {
    it(`reads ${what}, exactly`, async () => {
      const expected = bytes.subarray(span.offset, span.offset + span.length);
      const read = await collect(await open(span));
      assert.equal(read.length, span.length);
      assert.ok(Buffer.from(read).equals(expected));
    });
  }

  it('hands out no empty chunk', async () => {
    for await (const chunk of await open()) assert.ok(chunk.length > 0);
  });

  it('gives every chunk away: to write into one changes nothing that is read later', async () => {
    const { name } = await stored();
    const first = await fixture().tier.read(name);
    assert.equal(first.kind, 'found');
    const kept: Uint8Array[] = [];
    for await (const chunk of first.payload) {
      kept.push(new Uint8Array(chunk));
      chunk.fill(0);
    }
    assert.ok(Buffer.concat(kept).equals(bytes));
    const second = await fixture().tier.read(name);
    assert.equal(second.kind, 'found');
    assert.ok(Buffer.from(await collect(second.payload)).equals(bytes));
  });

  it('answers absent to read and head for a name that was never stored', async () => {
    const { name } = newSample();
    assert.deepEqual(await fixture().tier.read(name), { kind: 'absent' });
    assert.deepEqual(await fixture().tier.head(name), { kind: 'absent' });
  });

  it('answers the same size and checksum to head as to read', async () => {
    const { name } = await stored();
    const { tier } = fixture();
    const read = await tier.read(name);
    assert.equal(read.kind, 'found');
    await collect(read.payload);
    const head = await tier.head(name);
    assert.equal(head.kind, 'found');
    assert.equal(read.size, head.metadata.size);
    assert.equal(read.crc32c, head.metadata.crc32c);
  });

  it('lets many readers read at once', async () => {
    const { name } = await stored();
    const reads = Array.from({ length: 10 }, async () => {
      const read = await fixture().tier.read(name);
      assert.equal(read.kind, 'found');
      return collect(read.payload);
    });
    for (const read of await Promise.all(reads)) assert.ok(Buffer.from(read).equals(bytes));
  });

  it('holds nothing once a reader has come to the end', async () => {
    const payload = await open();
    assert.equal(await fixture().openReaders(), 1);
    await collect(payload);
    assert.equal(await fixture().openReaders(), 0);
  });

  it('holds nothing once a reader was returned early', async () => {
    for await (const chunk of await open()) {
      assert.ok(chunk.length < size);
      assert.equal(await fixture().openReaders(), 1);
      break;
    }
    assert.equal(await fixture().openReaders(), 0);
  });

  it('holds nothing once a reader was returned that never asked for a chunk', async () => {
    const iterator = (await open())[Symbol.asyncIterator]();
    await iterator.return?.();
    assert.equal(await fixture().openReaders(), 0);
    assert.equal((await iterator.next()).done, true);
  });

  it('answers CANCELLED to a reader whose signal aborts, and holds nothing', async () => {
    const controller = new AbortController();
    const iterator = (await open(undefined, controller.signal))[Symbol.asyncIterator]();
    await iterator.next();
    controller.abort();
    const drain = async (): Promise<void> => {
      while ((await iterator.next()).done !== true);
    };
    await assert.rejects(drain(), (error) => hasCode(error, 'CANCELLED'));
    assert.equal(await fixture().openReaders(), 0);
  });

  it('holds nothing once the signal of a reader aborts that never asked for a chunk', async () => {
    const controller = new AbortController();
    await open(undefined, controller.signal);
    assert.equal(await fixture().openReaders(), 1);
    controller.abort();
    // Nobody waits for it to be closed, so it may take some turns.
    for (let look = 0; look < looksMax && (await fixture().openReaders()) > 0; look += 1);
    assert.equal(await fixture().openReaders(), 0);
  });

  it('holds nothing when the signal of a read aborts before it has answered', async () => {
    const { name } = await stored();
    const controller = new AbortController();
    const reading = fixture().tier.read(name, undefined, controller.signal);
    controller.abort();
    await reading.catch((error: unknown) => assert.ok(hasCode(error, 'CANCELLED')));
    assert.equal(await fixture().openReaders(), 0);
  });

  it('answers CANCELLED to a read whose signal has aborted already', async () => {
    await assert.rejects(open(undefined, AbortSignal.abort()), (error) =>
      hasCode(error, 'CANCELLED'),
    );
    assert.equal(await fixture().openReaders(), 0);
  });
}
