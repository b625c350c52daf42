import { nativeChecksum as checksum, systemClock as clock } from '@holdfast/service-kit';
import {
  bootstrapAll,
  bootstrapStorage,
  openStorage,
  tellEntry,
  type StorageSettings,
} from '@holdfast/storage';
import { createGcsAdmin, expiryRule, type BucketState } from '@holdfast/tier-gcs';
import assert from 'node:assert/strict';
import { startGcsServer } from '../support/gcs/gcs-server.js';
import type { GcsServer } from '../support/gcs/gcs-types.js';
import { createClosers } from '../support/redis-closers.js';
import { storageSettingsOf } from '../support/storage-settings.js';

const name = 'photos';
const theirs = {
  action: { type: 'SetStorageClass', storageClass: 'NEARLINE' },
  condition: { age: 9 },
};
const dangerous = { action: { type: 'Delete' }, condition: { age: 30 } };
const sevenDays = 7 * 86_400;

describe('The bootstrap of the bucket', () => {
  const closers = createClosers();
  let server: GcsServer;
  beforeEach(async () => {
    server = closers.add(await startGcsServer());
  });
  afterEach(() => closers.closeAll());

  function storageOf(more: { location?: string; softDeleteRetentionMs?: string } = {}) {
    const { apiEndpoint } = server;
    return storageSettingsOf({
      highVolume: { kind: 'memory' },
      longTerm: {
        kind: 'gcs',
        bucket: name,
        apiEndpoint,
        callMsMax: '1 s',
        attemptMsMax: '1 s',
        ...more,
      },
    });
  }

  async function run(checkOnly: boolean, storage: StorageSettings = storageOf()) {
    const plan = { storage, redis: undefined, jobsAtOnceMax: 1 };
    const { entries, isSound } = await bootstrapAll(plan, { checkOnly });
    return { isSound, lines: entries.map(tellEntry) };
  }

  async function bucket(): Promise<BucketState | undefined> {
    const admin = createGcsAdmin({ bucket: name, apiEndpoint: server.apiEndpoint }, { clock });
    try {
      return await admin.readBucket();
    } finally {
      admin.close();
    }
  }

  const changes = (): number =>
    server.requests().filter(({ kind }) => kind === 'bucket.insert' || kind === 'bucket.patch')
      .length;

  const existing = { isSound: true, lines: [`bucket ${name}: exists`] };

  it('makes it once, where it is wanted and as it has to be', async () => {
    const storage = storageOf({ location: 'eu', softDeleteRetentionMs: '7 d' });
    assert.deepEqual(await run(true, storage), {
      isSound: false,
      lines: [`bucket ${name}: missing`],
    });
    assert.equal(changes(), 0);
    assert.deepEqual(await run(false, storage), {
      isSound: true,
      lines: [`bucket ${name}: made`],
    });
    const made = await bucket();
    assert.deepEqual(made?.lifecycleRules, [expiryRule]);
    assert.deepEqual([made?.location, made?.softDeleteSeconds], ['EU', sevenDays]);
    assert.deepEqual(await run(false, storage), existing);
    assert.deepEqual(await run(true, storage), existing);
    assert.equal(changes(), 1);
  });

  it('can be opened as a tier then', async () => {
    await run(false);
    const options = { inlineThresholdBytes: 1 };
    const storage = await openStorage(storageOf(), options, { clock, checksum });
    assert.deepEqual((await storage.longTerm.list(undefined, 1)).blobs, []);
    const abandoned = await storage.removeAbandoned({ olderThanMs: 0, examinedMax: 1 });
    assert.deepEqual(abandoned, { examined: 0, removed: 0, removedBytes: 0 });
    await storage.close();
  });

  it('puts its rule and its retention right, and keeps the rules of others', async () => {
    server.createBucket(name, { lifecycle: { rule: [theirs] } });
    const drift =
      'the lifecycle rule for expired blobs is missing; what is deleted is kept for 7 d instead of 0 d';
    assert.deepEqual(await run(true), {
      isSound: false,
      lines: [`bucket ${name}: drifted: ${drift}`],
    });
    assert.equal(changes(), 0);
    assert.deepEqual(await run(false), {
      isSound: true,
      lines: [`bucket ${name}: mended: ${drift}`],
    });
    const mended = await bucket();
    assert.deepEqual(mended?.lifecycleRules, [theirs, expiryRule]);
    assert.equal(mended.softDeleteSeconds, 0);
    assert.deepEqual(await run(false), existing);
  });

  it('warns of what it cannot or must not change, and goes on', async () => {
    server.createBucket(name, {
      location: 'US',
      versioning: { enabled: true },
      softDeletePolicy: { retentionDurationSeconds: '0' },
      lifecycle: { rule: [expiryRule, dangerous] },
    });
    const storage = storageOf({ location: 'EU' });
    const first = await run(false, storage);
    assert.equal(first.isSound, true);
    const [line = ''] = first.lines;
    assert.match(line, /^bucket photos: drifted: it is in US instead of EU, and stays there; /);
    assert.match(line, /; versioning is on: it keeps, and bills, all that is deleted; /);
    assert.match(line, /; a lifecycle rule may delete what is in use: .*"age":30/);
    assert.equal(changes(), 0);
    assert.equal((await run(true, storage)).isSound, false);
  });

  it('is safe for many at once, also while others change the bucket', async () => {
    const together = Array.from({ length: 8 }, () => bootstrapStorage(storageOf()));
    assert((await Promise.all(together)).every(({ isSound }) => isSound));
    assert.deepEqual(await run(true), existing);
    const longer = storageOf({ softDeleteRetentionMs: '7 d' });
    const mending = Array.from({ length: 8 }, () => bootstrapStorage(longer));
    assert((await Promise.all(mending)).every(({ isSound }) => isSound));
    assert.deepEqual(await run(true, longer), existing);
    assert.deepEqual((await bucket())?.lifecycleRules, [expiryRule]);
  });

  it('goes on where a bucket that works may not be changed', async () => {
    server.createBucket(name);
    server.fault({ kind: 'bucket.patch', times: 10, status: 403 });
    const { isSound, lines } = await run(false);
    assert.equal(isSound, true);
    assert.match(
      lines.join(),
      /^bucket photos: drifted: the lifecycle rule .* is missing; .*\(.*it is not allowed/,
    );
  });

  it('fails where there is none and none can be made', async () => {
    server.fault({ kind: 'bucket.insert', times: 10, status: 403 });
    const { isSound, lines } = await run(false);
    assert.equal(isSound, false);
    assert.match(lines.join(), /^bucket photos: failed: .*it is not allowed/);
    await server.close();
    assert.match((await run(false)).lines.join(), /^bucket photos: failed: /);
  });
});
