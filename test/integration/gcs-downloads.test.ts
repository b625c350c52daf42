import { hasCode, type BlobName, type ByteSpan } from '@holdfast/domain';
import assert from 'node:assert/strict';
import {
  collect,
  createBlobSamples,
  payloadOf,
  sampleBytes,
} from '../../packages/testkit/src/contracts/blob-samples.js';
import { waitUntil } from '../support/cluster-wait.js';
import type { GcsFault } from '../support/gcs/gcs-types.js';
import {
  addObject,
  gcsBucket,
  openGcsTierFixture,
  type GcsTierFixture,
} from '../support/gcs-tier-fixture.js';

const KiB = 1024;
const MiB = 1024 * KiB;
/** More than sockets and streams hold. */
const bytes = sampleBytes(16 * MiB + 1);

describe('downloads from Cloud Storage', function () {
  this.timeout(30_000);
  const newSample = createBlobSamples();
  let fixture: GcsTierFixture;
  let name: BlobName;

  beforeEach(async () => {
    await open();
  });

  afterEach(async () => {
    await fixture.close();
  });

  async function open(limits: Parameters<typeof openGcsTierFixture>[0] = {}): Promise<void> {
    fixture = await openGcsTierFixture({ chunkBytes: 32 * MiB, ...limits });
    const sample = newSample();
    await fixture.tier.create(sample.name, sample.metadata, payloadOf(bytes));
    fixture.server.clearRequests();
    ({ name } = sample);
  }

  async function reopen(limits: Parameters<typeof openGcsTierFixture>[0]): Promise<void> {
    await fixture.close();
    await open(limits);
  }

  async function iterate(
    span?: ByteSpan,
    signal?: AbortSignal,
  ): Promise<AsyncIterator<Uint8Array>> {
    const read = await fixture.tier.read(name, span, signal);
    assert.equal(read.kind, 'found');
    return read.payload[Symbol.asyncIterator]();
  }

  async function readAll(span?: ByteSpan): Promise<Uint8Array> {
    const iterator = await iterate(span);
    return collect({ [Symbol.asyncIterator]: () => iterator });
  }

  function openReads(count: number): Promise<number> {
    return waitUntil('reads are open', fixture.server.openReads, (seen) => seen === count);
  }

  const kinds = (): string[] => fixture.server.requests().map(({ kind }) => kind);
  const paths = (): string[] => fixture.server.requests().map(({ path }) => path);

  it('take one request, of a part as of the whole', async () => {
    assert.ok(Buffer.from(await readAll()).equals(bytes));
    const part = await readAll({ offset: 5, length: 3 * MiB });
    assert.ok(Buffer.from(part).equals(bytes.subarray(5, 5 + 3 * MiB)));
    assert.deepEqual(kinds(), ['media', 'media']);
  });

  it('tell size and checksum of the whole blob also with a part, and with none of it', async () => {
    const crc32c = fixture.checksum.crc32c(bytes, 0);
    for (const span of [undefined, { offset: 7, length: 1 }, { offset: bytes.length, length: 0 }]) {
      const read = await fixture.tier.read(name, span);
      assert.equal(read.kind, 'found');
      assert.deepEqual([read.size, read.crc32c], [bytes.length, crc32c]);
      const length = span?.length ?? bytes.length;
      assert.equal((await collect(read.payload)).length, length);
    }
  });

  const survived: readonly (readonly [string, readonly GcsFault[]])[] = [
    ['a connection cut in the middle', [{ kind: 'media', cutAfterResponseBytes: 5 * MiB }]],
    ['cuts again and again', [{ kind: 'media', cutAfterResponseBytes: MiB, times: 12 }]],
    ['a cut before the first byte', [{ kind: 'media', cutAfterResponseBytes: 0, times: 3 }]],
    ['503 before it begins', [{ kind: 'media', status: 503, times: 3 }]],
    [
      '503 when it goes on after a cut',
      [
        { kind: 'media', cutAfterResponseBytes: 3 * MiB },
        { kind: 'media', status: 503, times: 3 },
      ],
    ],
    ['a lost reply', [{ kind: 'media', loseReply: true }]],
  ];
  for (const [what, faults] of survived) {
    it(`survive ${what}, with every byte once`, async () => {
      for (const span of [undefined, { offset: MiB + 1, length: 13 * MiB }]) {
        for (const fault of faults) fixture.server.fault(fault);
        const { offset, length } = span ?? { offset: 0, length: bytes.length };
        const read = Buffer.from(await readAll(span));
        assert.ok(read.equals(bytes.subarray(offset, offset + length)));
        fixture.server.clearFaults();
      }
      await openReads(0);
    });
  }

  it('go on at the generation that they began with', async () => {
    fixture.server.fault({ kind: 'media', cutAfterResponseBytes: 2 * MiB });
    await readAll();
    const { generation = '' } = fixture.server.objects(gcsBucket)[0] ?? {};
    const [first = '', second = ''] = paths();
    assert.ok(!first.includes('generation='));
    assert.ok(second.includes(`generation=${generation}`));
  });

  it('never mix two objects, also if somebody else writes over the first', async () => {
    fixture.server.fault({ kind: 'media', cutAfterResponseBytes: 2 * MiB });
    const iterator = await iterate();
    const read: Uint8Array[] = [];
    const first = await iterator.next();
    if (first.done !== true) read.push(first.value);
    await addObject(fixture.server, name, 'x'.repeat(bytes.length));
    const drain = async (): Promise<void> => {
      for await (const chunk of { [Symbol.asyncIterator]: () => iterator }) read.push(chunk);
    };
    await assert.rejects(drain(), isUnavailable);
    const received = Buffer.concat(read);
    assert.ok(received.equals(bytes.subarray(0, received.length)));
    assert.equal(fixture.tier.openReaders(), 0);
  });

  it('end after attempts without a byte', async () => {
    fixture.server.fault({ kind: 'media', cutAfterResponseBytes: MiB });
    fixture.server.fault({ kind: 'media', after: 1, status: 503, times: 100 });
    await assert.rejects(readAll(), isUnavailable);
    assert.equal(fixture.tier.openReaders(), 0);
  });

  it('give up a connection on which nothing comes, and go on with another', async () => {
    await reopen({ stallMsMax: 100 });
    fixture.server.fault({ kind: 'media', stallAfterResponseBytes: 2 * MiB });
    assert.ok(Buffer.from(await readAll()).equals(bytes));
  });

  it('keep their deadline when no answer comes', async () => {
    await reopen({ attemptMsMax: 50, callMsMax: 150, attemptsMax: 2 });
    fixture.server.fault({ kind: 'media', stall: 'before', times: 100 });
    await assert.rejects(readAll(), isUnavailable);
  });

  it('leave with the server what a slow reader does not ask for', async () => {
    await reopen({ stallMsMax: 400 });
    const iterator = await iterate();
    const first = await iterator.next();
    assert.equal(first.done, false);
    // Far longer than a stall may be: it is the reader who waits.
    await waitUntil('time passes', () => performance.now(), passedBy(900));
    assert.equal(fixture.server.openReads(), 1, 'the server has more to send');
    const rest = await collect({ [Symbol.asyncIterator]: () => iterator });
    assert.ok(Buffer.concat([first.value, rest]).equals(bytes));
    assert.deepEqual(kinds(), ['media']);
  });

  it('survive a cut however long their reader has paused', async () => {
    await reopen({ callMsMax: 600, attemptMsMax: 600 });
    fixture.server.fault({ kind: 'media', cutAfterResponseBytes: 12 * MiB });
    const iterator = await iterate();
    await waitUntil('time passes', () => performance.now(), passedBy(700));
    const first = await iterator.next();
    assert.equal(first.done, false);
    await waitUntil('time passes', () => performance.now(), passedBy(700));
    const rest = await collect({ [Symbol.asyncIterator]: () => iterator });
    assert.ok(Buffer.concat([first.value, rest]).equals(bytes));
    assert.deepEqual(kinds(), ['media', 'media']);
  });

  it('close their connection when they are returned, started or not', async () => {
    for (const isStarted of [false, true]) {
      const iterator = await iterate();
      if (isStarted) await iterator.next();
      await openReads(1);
      await iterator.return?.();
      await openReads(0);
    }
  });

  it('close their connection when their signal aborts, read or not', async () => {
    for (const isStarted of [false, true]) {
      const controller = new AbortController();
      const iterator = await iterate(undefined, controller.signal);
      if (isStarted) await iterator.next();
      await openReads(1);
      controller.abort();
      await openReads(0);
      await assert.rejects(iterator.next(), (error) => hasCode(error, 'CANCELLED'));
    }
  });

  it('are cancelled while they wait between two attempts, and for an answer', async () => {
    for (const fault of [
      { status: 503, times: 100, retryAfter: 20 },
      { stall: 'before' },
    ] as const) {
      fixture.server.clearRequests();
      fixture.server.fault({ kind: 'media', ...fault });
      const controller = new AbortController();
      const reading = fixture.tier.read(name, undefined, controller.signal);
      const failed = assert.rejects(reading, (error) => hasCode(error, 'CANCELLED'));
      await waitUntil('it was asked for', kinds, (seen) => seen.length > 0);
      controller.abort();
      await failed;
      fixture.server.clearFaults();
    }
  });

  it('end when the tier is closed', async () => {
    const iterator = await iterate();
    await iterator.next();
    fixture.tier.close();
    await assert.rejects(iterator.next(), isUnavailable);
    await openReads(0);
    assert.equal(fixture.tier.openReaders(), 0);
  });

  it('use a connection again when they have come to their end', async () => {
    await reopen({ requestsMax: 1 });
    for (let reads = 0; reads < 5; reads += 1) {
      await readAll({ offset: reads, length: 10 * KiB });
    }
    assert.deepEqual(await fixture.tier.head(name).then(({ kind }) => kind), 'found');
  });
});

function isUnavailable(error: unknown): boolean {
  return hasCode(error, 'TIER_UNAVAILABLE');
}

function passedBy(ms: number): (now: number) => boolean {
  const begin = performance.now();
  return (now) => now - begin > ms;
}
