import { hasCode, type CreateResult, type Payload } from '@holdfast/domain';
import assert from 'node:assert/strict';
import {
  createBlobSamples,
  payloadOf,
  sampleBytes,
  watchPayload,
  type BlobSample,
} from '../../packages/testkit/src/contracts/blob-samples.js';
import { waitUntil } from '../support/cluster-wait.js';
import { gcsBucket, openGcsTierFixture, type GcsTierFixture } from '../support/gcs-tier-fixture.js';

const KiB = 1024;
const MiB = 1024 * KiB;
const small = sampleBytes(300 * KiB);

describe('many uploads to Cloud Storage', function () {
  this.timeout(30_000);
  const newSample = createBlobSamples();
  let fixture: GcsTierFixture;

  beforeEach(async () => {
    fixture = await openGcsTierFixture();
  });

  afterEach(async () => {
    await fixture.close();
  });

  function create({ name, metadata }: BlobSample, payload: Payload): Promise<CreateResult> {
    return fixture.tier.create(name, metadata, payload);
  }

  it('all go on at once, 200 of them, and hold no more of their payloads than they may', async () => {
    await fixture.close();
    const bufferBytesMax = 64 * MiB;
    fixture = await openGcsTierFixture({ bufferBytesMax, chunkBytes: 8 * MiB });
    const pieceBytes = 64 * KiB;
    const payloadBytes = 9 * pieceBytes;
    const piece = sampleBytes(pieceBytes);
    const uploads = 200;
    let heldMax = 0;
    /** Each gives its next piece only when all others have given theirs. */
    const nextRound = barrier(uploads, () => {
      heldMax = Math.max(heldMax, fixture.tier.uploadBytes());
    });
    async function* payload(): Payload {
      for (let at = 0; at < payloadBytes; at += pieceBytes) {
        await nextRound();
        yield piece;
      }
    }
    const samples = Array.from({ length: uploads }, () => newSample());
    const results = await Promise.all(samples.map((sample) => create(sample, payload())));
    assert.ok(results.every(({ kind }) => kind === 'created'));
    assert.equal(fixture.server.objects(gcsBucket).length, uploads);
    assert.ok(heldMax >= uploads * 256 * KiB && heldMax <= bufferBytesMax, `${heldMax} bytes`);
    assert.equal(fixture.tier.uploadBytes(), 0);
  });

  it('gather the next part while one is sent, and no more than that', async () => {
    fixture.server.fault({ kind: 'resumable.chunk', stall: 'before' });
    let given = 0;
    async function* payload(): Payload {
      for (; given < 8 * MiB; given += 64 * KiB) yield sampleBytes(64 * KiB);
    }
    const failed = assert.rejects(create(newSample(), payload()), isUnavailable);
    await until(() => fixture.tier.uploadBytes() === 2 * MiB && given === 2 * MiB);
    fixture.tier.close();
    await failed;
    assert.equal(given, 2 * MiB);
    assert.equal(fixture.tier.uploadBytes(), 0);
  });

  it('that wait for their turn in vain fail, and end their payload', async () => {
    await fixture.close();
    fixture = await openGcsTierFixture({ uploadsMax: 1, uploadWaitMsMax: 20 });
    let finish = (): void => undefined;
    const held = watchPayload(
      [],
      () =>
        new Promise((resolve) => {
          finish = () => resolve({ done: true, value: undefined });
        }),
    );
    const first = create(newSample(), held.payload);
    const second = watchPayload([small], async () => ({ done: true, value: undefined }));
    await assert.rejects(create(newSample(), second.payload), isUnavailable);
    assert.equal(second.returns(), 1);
    finish();
    assert.equal((await first).kind, 'created');
    assert.equal((await create(newSample(), payloadOf(small))).kind, 'created');
  });
});

function isUnavailable(error: unknown): boolean {
  return hasCode(error, 'TIER_UNAVAILABLE');
}

function until(isSo: () => boolean): Promise<unknown> {
  return waitUntil('it is so', isSo, (so) => so);
}

/** Resolves for all when so many wait; `onAll` hears of that first. */
function barrier(count: number, onAll: () => void): () => Promise<void> {
  let waiting: (() => void)[] = [];
  return () =>
    new Promise((resolve) => {
      waiting.push(resolve);
      if (waiting.length < count) return;
      onAll();
      const all = waiting;
      waiting = [];
      for (const go of all) go();
    });
}
