import { Storage, type Bucket } from '@google-cloud/storage';
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { pipeline } from 'node:stream/promises';
import { Readable } from 'node:stream';
import { startGcsServer, type GcsServer } from '../support/gcs/gcs-server.js';
import { testBucket } from '../support/gcs/gcs-requests.js';

const chunkSize = 256 * 1024;

describe('the Cloud Storage server of tests, by the official library', () => {
  let server: GcsServer;
  let storage: Storage;
  let bucket: Bucket;

  beforeEach(async () => {
    server = await startGcsServer({ listItemsMax: 2 });
    storage = new Storage({ apiEndpoint: server.apiEndpoint, projectId: 'p' });
    [bucket] = await storage.createBucket(testBucket);
  });

  afterEach(() => server.close());

  const kinds = (): readonly string[] => server.requests().map((one) => one.kind);

  it('saves and downloads an object with its checksums', async () => {
    const file = bucket.file('a/b c');
    await file.save('hello', {
      resumable: false,
      validation: 'crc32c',
      metadata: { contentType: 'text/plain', metadata: { a: '1' } },
      preconditionOpts: { ifGenerationMatch: 0 },
    });
    const [content] = await file.download({ validation: 'crc32c' });
    assert.equal(content.toString(), 'hello');
    const [metadata] = await file.getMetadata();
    assert.equal(metadata.metadata?.['a'], '1');
    assert.deepEqual(kinds(), ['bucket.insert', 'insert.multipart', 'media', 'get']);
  });

  it('uploads in a resumable session, in one request and in chunks', async () => {
    const payload = randomBytes(3 * chunkSize + 1);
    await bucket.file('one').save(payload, { resumable: true });
    const stream = bucket.file('chunks').createWriteStream({ resumable: true, chunkSize });
    await pipeline(Readable.from([payload]), stream);
    for (const object of server.objects(testBucket)) assert.ok(payload.equals(object.content()));
    assert.equal(kinds().filter((kind) => kind === 'resumable.chunk').length, 1 + 4);
    assert.equal(server.sessions(), 0);
  });

  it('reads a part of an object', async () => {
    const file = bucket.file('x');
    await file.save('hello', { resumable: false });
    const [content] = await file.download({ start: 1, end: 3 });
    assert.equal(content.toString(), 'ell');
  });

  it('is told that a precondition does not hold', async () => {
    const save = (): Promise<void> =>
      bucket.file('x').save('x', { resumable: false, preconditionOpts: { ifGenerationMatch: 0 } });
    await save();
    await assert.rejects(save(), { code: 412 });
  });

  it('lists page after page and deletes', async () => {
    for (const name of ['c', 'a', 'b']) await bucket.file(name).save('', { resumable: false });
    const [files] = await bucket.getFiles();
    assert.deepEqual(
      files.map((file) => file.name),
      ['a', 'b', 'c'],
    );
    assert.equal(kinds().filter((kind) => kind === 'list').length, 2);
    await bucket.file('b').delete();
    const [left] = await bucket.getFiles();
    assert.deepEqual(
      left.map((file) => file.name),
      ['a', 'c'],
    );
    await assert.rejects(bucket.file('b').delete(), { code: 404 });
  });

  it('changes the metadata of an object and of a bucket', async () => {
    const file = bucket.file('x');
    await file.save('hello', { resumable: false, metadata: { metadata: { a: '1' } } });
    const [changed] = await file.setMetadata({ metadata: { a: null, b: '2' } });
    assert.deepEqual(changed.metadata, { b: '2' });
    await bucket.setMetadata({ softDeletePolicy: { retentionDurationSeconds: 0 } });
    const [metadata] = await bucket.getMetadata();
    assert.equal(Number(metadata.softDeletePolicy?.retentionDurationSeconds), 0);
    assert.deepEqual(await bucket.exists(), [true]);
    assert.deepEqual(await storage.bucket('other').exists(), [false]);
  });
});
