import { hasCode, type CreateResult, type Payload } from '@holdfast/domain';
import { gcsDefaults } from '@holdfast/tier-gcs';
import assert from 'node:assert/strict';
import {
  collect,
  createBlobSamples,
  payloadOf,
  sampleBytes,
  type BlobSample,
} from '../../packages/testkit/src/contracts/blob-samples.js';
import type { GcsFault, GcsRequestKind } from '../support/gcs/gcs-types.js';
import {
  addObject,
  gcsBucket,
  openGcsTierFixture,
  type GcsTierFixture,
} from '../support/gcs-tier-fixture.js';

const KiB = 1024;
const MiB = 1024 * KiB;

/** Of what is sent none is waited for because it may be slow to be sent. */
const impatient = { attemptMsMax: 100, callMsMax: 300, bytesPerSecondMin: 1024 * MiB };

describe('uploads to Cloud Storage', () => {
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

  function kinds(): GcsRequestKind[] {
    return fixture.server.requests().map(({ kind }) => kind);
  }

  /** One object, with those bytes, and nothing else. */
  async function assertOnly(
    { name }: BlobSample,
    bytes: Uint8Array,
    sessionsLeft = 0,
  ): Promise<void> {
    const objects = fixture.server.objects(gcsBucket);
    assert.deepEqual(
      objects.map((object) => object.name),
      [name],
    );
    assert.ok(Buffer.from(objects[0]?.content() ?? []).equals(bytes));
    assert.equal(fixture.server.sessions(), sessionsLeft);
    const read = await fixture.tier.read(name);
    assert.equal(read.kind, 'found');
    assert.ok(Buffer.from(await collect(read.payload)).equals(bytes));
  }

  async function assertNothing(): Promise<void> {
    assert.deepEqual(fixture.server.objects(gcsBucket), []);
    assert.equal(fixture.server.sessions(), 0);
  }

  const small = sampleBytes(300 * KiB);
  const large = sampleBytes(3 * MiB + 5);

  it('take one request up to the size of a chunk', async () => {
    await create(newSample(), payloadOf(sampleBytes(MiB)));
    assert.deepEqual(kinds(), ['insert.multipart']);
  });

  it('take one more than they have chunks beyond it', async () => {
    await create(newSample(), payloadOf(large));
    const chunks: GcsRequestKind[] = Array.from({ length: 4 }, () => 'resumable.chunk');
    assert.deepEqual(kinds(), ['resumable.start', ...chunks]);
  });

  /** The last is how many sessions the server believes in that nobody else knows of. */
  const survived: readonly (readonly [string, Uint8Array, readonly GcsFault[], number?])[] = [
    ['the lost reply to a whole payload', small, [{ kind: 'insert.multipart', loseReply: true }]],
    [
      'a connection cut in the middle of a whole payload',
      small,
      [{ kind: 'insert.multipart', cutAfterRequestBytes: 100_000 }],
    ],
    ['a burst of 503', small, [{ status: 503, times: 4 }]],
    ['429, and waits as it is told', small, [{ status: 429, retryAfter: 1 }]],
    ['the lost reply to the beginning', large, [{ kind: 'resumable.start', loseReply: true }], 1],
    ['a lost reply in the middle', large, [{ kind: 'resumable.chunk', after: 1, loseReply: true }]],
    [
      'the lost reply to the last chunk',
      large,
      [{ kind: 'resumable.chunk', after: 3, loseReply: true }],
    ],
    [
      'the lost replies to the last chunk and to being asked',
      large,
      [
        { kind: 'resumable.chunk', after: 3, loseReply: true },
        { kind: 'resumable.status', loseReply: true },
      ],
    ],
    [
      'connections cut again and again in the middle of a chunk',
      large,
      [{ kind: 'resumable.chunk', cutAfterRequestBytes: 700_000, times: 4 }],
    ],
    [
      'cuts before which the server kept a part',
      large,
      [{ kind: 'resumable.chunk', cutAfterRequestBytes: 700_000, keeps: true, times: 8 }],
    ],
    [
      'a server that takes less of a chunk than it was sent',
      large,
      [{ kind: 'resumable.chunk', after: 1, keepsOnlyBytes: 256 * KiB, times: 2 }],
    ],
    ['a burst of 503 for chunks', large, [{ kind: 'resumable.chunk', status: 503, times: 4 }]],
    [
      '500 when it asks how far it is',
      large,
      [
        { kind: 'resumable.chunk', after: 2, status: 500 },
        { kind: 'resumable.status', status: 500, times: 2 },
      ],
    ],
    [
      'a session that is lost during the first chunk',
      large,
      [{ kind: 'resumable.chunk', status: 410 }],
      1,
    ],
    [
      'a session that is not found when its end was heard',
      large,
      [
        { kind: 'resumable.chunk', after: 3, loseReply: true },
        { kind: 'resumable.status', status: 404 },
      ],
    ],
  ];
  for (const [what, bytes, faults, sessionsLeft = 0] of survived) {
    it(`survive ${what}`, async () => {
      for (const fault of faults) fixture.server.fault(fault);
      const sample = newSample();
      const crc32c = fixture.checksum.crc32c(bytes, 0);
      const result = await create(sample, payloadOf(bytes));
      assert.deepEqual(result, { kind: 'created', size: bytes.length, crc32c });
      await assertOnly(sample, bytes, sessionsLeft);
    });
  }

  it('fail once the session is lost whose first bytes are not at hand any more', async () => {
    fixture.server.fault({ kind: 'resumable.chunk', after: 1, status: 410 });
    await assert.rejects(create(newSample(), payloadOf(large)), isUnavailable);
    assert.deepEqual(fixture.server.objects(gcsBucket), []);
  });

  it('are refused and removed when what is stored is not what was sent', async () => {
    for (const bytes of [small, large]) {
      fixture.server.fault({
        wrongCrc32c: true,
        ...(bytes === small ? {} : { kind: 'resumable.chunk', after: 3 }),
      });
      await assert.rejects(create(newSample(), payloadOf(bytes)), (error) =>
        hasCode(error, 'CHECKSUM_MISMATCH'),
      );
      await assertNothing();
    }
  });

  it('fail, and leave nothing, after attempts without progress', async () => {
    fixture.server.fault({ kind: 'resumable.chunk', after: 1, status: 503, times: 100 });
    fixture.server.fault({ kind: 'resumable.status', status: 503, times: 100 });
    await assert.rejects(create(newSample(), payloadOf(large)), isUnavailable);
    await assertNothing();
    const tried = kinds().filter(
      (kind) => kind === 'resumable.chunk' || kind === 'resumable.status',
    );
    assert.equal(tried.length, 1 + gcsDefaults.attemptsMax);
  });

  for (const stall of ['before', 'after'] as const) {
    it(`keep their deadline when the server stalls ${stall} it has done what was asked`, async () => {
      await fixture.close();
      fixture = await openGcsTierFixture({ ...impatient, attemptsMax: 2 });
      fixture.server.fault({ kind: 'insert.multipart', stall, times: 100 });
      await assert.rejects(create(newSample(), payloadOf(small)), isUnavailable);
      fixture.server.clearFaults();
      fixture.server.fault({ kind: 'resumable.chunk', stall, times: 100 });
      fixture.server.fault({ kind: 'resumable.status', stall, times: 100 });
      await assert.rejects(create(newSample(), payloadOf(large)), isUnavailable);
    });
  }

  it('give up a connection on which nothing moves, and go on with another', async () => {
    await fixture.close();
    fixture = await openGcsTierFixture({ stallMsMax: 200 });
    fixture.server.fault({ kind: 'resumable.chunk', after: 1, stall: 'after' });
    const sample = newSample();
    assert.equal((await create(sample, payloadOf(large))).kind, 'created');
    await assertOnly(sample, large);
  });

  it('do not wait for longer than a call may take when told to by Retry-After', async () => {
    fixture.server.fault({ status: 429, retryAfter: 3600 });
    await assert.rejects(create(newSample(), payloadOf(small)), isUnavailable);
    assert.deepEqual(kinds(), ['insert.multipart']);
  });

  it('of one name and the same bytes are created exactly once, also when replies are lost', async () => {
    for (const bytes of [small, large]) {
      fixture.server.fault({ kind: 'insert.multipart', loseReply: true, times: 2 });
      fixture.server.fault({ kind: 'resumable.chunk', loseReply: true, times: 3 });
      const sample = newSample();
      const results = await Promise.all([1, 2, 3].map(() => create(sample, payloadOf(bytes))));
      const created = results.filter(({ kind }) => kind === 'created');
      assert.equal(created.length, 1);
    }
  });

  it('are refused by an object of that name that is none of ours, which stays', async () => {
    const sample = newSample();
    await addObject(fixture.server, sample.name, 'not a blob');
    for (const bytes of [small, large]) {
      await assert.rejects(create(sample, payloadOf(bytes)), (error) =>
        hasCode(error, 'UNREADABLE'),
      );
    }
    assert.equal(
      Buffer.from(fixture.server.objects(gcsBucket)[0]?.content() ?? []).toString(),
      'not a blob',
    );
    assert.equal(fixture.server.sessions(), 0);
  });
});

function isUnavailable(error: unknown): boolean {
  return hasCode(error, 'TIER_UNAVAILABLE');
}
