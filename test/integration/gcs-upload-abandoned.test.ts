import { DomainError, hasCode, type CreateResult, type Payload } from '@holdfast/domain';
import assert from 'node:assert/strict';
import {
  createBlobSamples,
  sampleBytes,
  watchPayload,
  type BlobSample,
} from '../../packages/testkit/src/contracts/blob-samples.js';
import { waitUntil } from '../support/cluster-wait.js';
import { gcsBucket, openGcsTierFixture, type GcsTierFixture } from '../support/gcs-tier-fixture.js';

const KiB = 1024;

describe('uploads to Cloud Storage that are given up', () => {
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

  function chunksAsked(): number {
    return fixture.server.requests().filter(({ kind }) => kind === 'resumable.chunk').length;
  }

  async function assertNothing(): Promise<void> {
    assert.deepEqual(fixture.server.objects(gcsBucket), []);
    assert.equal(fixture.server.sessions(), 0);
  }

  for (const [when, chunks] of [
    ['before its first byte', 0],
    ['while its first chunk is gathered', 1],
    ['after its first chunk', 4],
    ['shortly before its end', 8],
  ] as const) {
    it(`leave no object and no session when the payload is given up ${when}`, async () => {
      const cancelled = new DomainError({ code: 'CANCELLED' });
      const parts = Array.from({ length: chunks }, () => sampleBytes(400 * KiB));
      const watched = watchPayload(parts, () => Promise.reject(cancelled));
      await assert.rejects(create(newSample(), watched.payload), (error) => error === cancelled);
      await assertNothing();
    });
  }

  it('leave nothing when the tier is closed, and end their payload', async () => {
    fixture.server.fault({ kind: 'resumable.chunk', after: 1, stall: 'before' });
    const chunks = Array.from({ length: 8 }, () => sampleBytes(400 * KiB));
    const watched = watchPayload(chunks, async () => ({ done: true, value: undefined }));
    const creating = create(newSample(), watched.payload);
    const failed = assert.rejects(creating, isUnavailable);
    await until(() => chunksAsked() === 2);
    fixture.tier.close();
    await failed;
    assert.equal(watched.returns(), 1);
    assert.deepEqual(fixture.server.objects(gcsBucket), []);
  });

  it('stop sending as soon as their payload fails, and leave nothing', async () => {
    fixture.server.fault({ kind: 'resumable.chunk', after: 1, stall: 'before' });
    const cancelled = new DomainError({ code: 'CANCELLED' });
    const parts = Array.from({ length: 6 }, () => sampleBytes(400 * KiB));
    const watched = watchPayload(parts, async () => {
      await until(() => chunksAsked() > 1);
      throw cancelled;
    });
    await assert.rejects(create(newSample(), watched.payload), (error) => error === cancelled);
    await assertNothing();
  });
});

function isUnavailable(error: unknown): boolean {
  return hasCode(error, 'TIER_UNAVAILABLE');
}

function until(isSo: () => boolean): Promise<unknown> {
  return waitUntil('it is so', isSo, (so) => so);
}
