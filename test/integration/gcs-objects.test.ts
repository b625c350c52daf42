import { hasCode, later, type BlobName, type Timestamp } from '@holdfast/domain';
import { nativeChecksum as checksum, systemClock as clock } from '@holdfast/service-kit';
import { createGcsTier } from '@holdfast/tier-gcs';
import assert from 'node:assert/strict';
import {
  collect,
  createBlobSamples,
  largestSample,
  payloadOf,
  sampleBytes,
} from '../../packages/testkit/src/contracts/blob-samples.js';
import type { StoredObject } from '../support/gcs/gcs-types.js';
import {
  addObject,
  gcsBucket,
  openGcsTierFixture,
  type GcsTierFixture,
} from '../support/gcs-tier-fixture.js';

const MiB = 1024 * 1024;
const dayMs = 24 * 3_600_000;
const expires = 1_800_000_000_000 as Timestamp;

describe('blobs as objects of Cloud Storage', () => {
  const newSample = createBlobSamples();
  let fixture: GcsTierFixture;

  beforeEach(async () => {
    fixture = await openGcsTierFixture();
  });

  afterEach(async () => {
    await fixture.close();
  });

  function onlyObject(): StoredObject {
    const [object, ...others] = fixture.server.objects(gcsBucket);
    assert.ok(object !== undefined && others.length === 0);
    return object;
  }

  async function store(timeExpires?: Timestamp): Promise<BlobName> {
    const { name, metadata } = newSample({ timeExpires });
    await fixture.tier.create(name, metadata, payloadOf(sampleBytes(100)));
    fixture.server.clearRequests();
    return name;
  }

  const kinds = (): string[] => fixture.server.requests().map(({ kind }) => kind);

  it('hold the payload and nothing else, under the name of the blob', async () => {
    const { name, metadata } = newSample();
    await fixture.tier.create(name, metadata, payloadOf(sampleBytes(100)));
    const object = onlyObject();
    assert.equal(object.name, name);
    assert.equal(object.contentType, 'application/vnd.holdfast.blob');
    assert.ok(Buffer.from(object.content()).equals(sampleBytes(100)));
    assert.equal(object.customTime, undefined);
  });

  describe('whose metadata is as large as it may be', () => {
    for (const size of [0, 5000, MiB, 2 * MiB + 7]) {
      it(`carry it behind ${size} bytes of payload, of which every part can be read`, async () => {
        const { name, metadata } = largestSample();
        const bytes = sampleBytes(size);
        const { tier } = fixture;
        const crc32c = checksum.crc32c(bytes, 0);
        const created = await tier.create(name, metadata, payloadOf(bytes));
        assert.deepEqual(created, { kind: 'created', size, crc32c });
        assert.match(onlyObject().contentType, /; footer=\d+$/);
        assert.ok(onlyObject().size > size);
        const head = await tier.head(name);
        assert.deepEqual(head, { kind: 'found', metadata: { ...metadata, size, crc32c } });
        for (const span of [undefined, { offset: size >> 1, length: size - (size >> 1) }]) {
          const read = await tier.read(name, span);
          assert.equal(read.kind, 'found');
          assert.deepEqual([read.size, read.crc32c], [size, crc32c]);
          const part = bytes.subarray(span?.offset ?? 0);
          assert.ok(Buffer.from(await collect(read.payload)).equals(part));
        }
        assert.equal(tier.openReaders(), 0);
        const timeExpires = later(metadata.timeExpires ?? expires, 1);
        assert.equal(await tier.extend(name, timeExpires), 'extended');
        const extended = { ...metadata, size, crc32c, timeExpires };
        assert.deepEqual(await tier.head(name), { kind: 'found', metadata: extended });
        assert.deepEqual(await tier.remove(name), { kind: 'removed', size });
      });
    }
  });

  it('tell the lifecycle rule of the bucket when they expire, a day later than the table', async () => {
    const name = await store(expires);
    assert.equal(Date.parse(onlyObject().customTime ?? ''), expires + dayMs);
    await fixture.tier.extend(name, later(expires, 5));
    assert.equal(Date.parse(onlyObject().customTime ?? ''), expires + 5 + dayMs);
  });

  it('are extended although replies are lost and others change them', async () => {
    const name = await store(expires);
    fixture.server.fault({ kind: 'patch', loseReply: true });
    fixture.server.fault({ kind: 'patch', status: 412, times: 3, after: 1 });
    assert.equal(await fixture.tier.extend(name, later(expires, 5)), 'extended');
    const head = await fixture.tier.head(name);
    assert.equal(head.kind === 'found' && head.metadata.timeExpires, expires + 5);
  });

  it('are given up to be extended when others change them again and again', async () => {
    const name = await store(expires);
    fixture.server.fault({ kind: 'patch', status: 412, times: 1000 });
    await assert.rejects(fixture.tier.extend(name, later(expires, 5)), isUnavailable);
  });

  it('are removed although a reply is lost', async () => {
    const name = await store();
    fixture.server.fault({ kind: 'delete', loseReply: true });
    await fixture.tier.remove(name);
    assert.deepEqual(fixture.server.objects(gcsBucket), []);
  });

  it('take one request for a head, two for a removal, two to be extended, one for a page', async () => {
    const name = await store(expires);
    await fixture.tier.head(name);
    await fixture.tier.list(undefined, 10);
    await fixture.tier.extend(name, later(expires, 1));
    await fixture.tier.remove(name);
    assert.deepEqual(kinds(), ['get', 'list', 'get', 'patch', 'get', 'delete']);
  });

  it('of others are unreadable, listed as undecided, and stay', async () => {
    const { name } = newSample();
    await addObject(fixture.server, name, 'not a blob');
    const { tier } = fixture;
    const isUnreadable = (error: unknown): boolean => hasCode(error, 'UNREADABLE');
    await assert.rejects(tier.read(name), isUnreadable);
    await assert.rejects(tier.read(name, { offset: 1, length: 2 }), isUnreadable);
    await assert.rejects(tier.head(name), isUnreadable);
    await assert.rejects(tier.remove(name), isUnreadable);
    await assert.rejects(tier.extend(name, expires), isUnreadable);
    const { blobs, undecided } = await tier.list(undefined, 10);
    assert.deepEqual(blobs, []);
    assert.deepEqual(
      undecided.map(({ where }) => where),
      [name],
    );
    assert.equal(onlyObject().size, 10);
    assert.equal(tier.openReaders(), 0);
  });

  describe('in a bucket that', () => {
    const { name, metadata } = newSample();

    async function assertAllFail(expected: RegExp): Promise<void> {
      const { tier } = fixture;
      const operations = [
        () => tier.create(name, metadata, payloadOf(sampleBytes(10))),
        () => tier.create(name, metadata, payloadOf(sampleBytes(2 * MiB))),
        () => tier.read(name),
        () => tier.read(name, { offset: 0, length: 0 }),
        () => tier.head(name),
        () => tier.remove(name),
        () => tier.extend(name, expires),
        () => tier.list(undefined, 10),
      ];
      for (const operation of operations) {
        await assert.rejects(operation(), (error) => {
          assert.ok(hasCode(error, 'TIER_UNAVAILABLE'), String(error));
          assert.match(error.message, expected);
          return true;
        });
      }
    }

    it('is missing: everything fails, and nothing is taken for absent', async () => {
      const { apiEndpoint } = fixture.server;
      fixture.tier.close();
      const options = { bucket: 'elsewhere', apiEndpoint };
      fixture = { ...fixture, tier: createGcsTier(options, { clock, checksum }) };
      await assertAllFail(/the bucket is missing/);
    });

    for (const [status, expected] of [
      [401, /credentials are not accepted/],
      [403, /not allowed/],
    ] as const) {
      it(`answers ${status}: everything fails at once`, async () => {
        fixture.server.fault({ status, times: 1000 });
        await assertAllFail(expected);
        assert.equal(fixture.server.requests().length, 8);
      });
    }
  });

  it('are asked for with credentials where there are some, and without where there are none', async () => {
    await store();
    await fixture.tier.list(undefined, 1);
    const { apiEndpoint } = fixture.server;
    const credentials = {
      headers: async () => ({ authorization: 'Bearer of-a-test' }),
      projectId: async () => 'a-project',
    };
    const options = { bucket: gcsBucket, apiEndpoint };
    const tier = createGcsTier(options, { clock, checksum, credentials });
    await tier.list(undefined, 1);
    tier.close();
    assert.deepEqual(
      fixture.server.requests().map(({ authorization }) => authorization),
      [undefined, 'Bearer of-a-test'],
    );
  });

  it('cannot be had without the credentials that are needed', async () => {
    const { apiEndpoint } = fixture.server;
    const credentials = {
      headers: () => Promise.reject(new Error('no default credentials')),
      projectId: async () => 'a-project',
    };
    const options = { bucket: gcsBucket, apiEndpoint, attemptsMax: 2, retryDelayMs: 1 };
    const tier = createGcsTier(options, { clock, checksum, credentials });
    await assert.rejects(tier.list(undefined, 1), /no default credentials/);
    tier.close();
    assert.deepEqual(fixture.server.requests(), []);
  });
});

function isUnavailable(error: unknown): boolean {
  return hasCode(error, 'TIER_UNAVAILABLE');
}
