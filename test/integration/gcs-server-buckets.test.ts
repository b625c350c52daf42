import assert from 'node:assert/strict';
import { startGcsServer, type GcsServer } from '../support/gcs/gcs-server.js';
import { sendGcs, type GcsAnswer } from '../support/gcs/gcs-requests.js';

const deleteRule = { action: { type: 'Delete' }, condition: { daysSinceCustomTime: 1 } };

describe('the Cloud Storage server of tests: buckets', () => {
  let server: GcsServer;

  beforeEach(async () => {
    server = await startGcsServer();
  });

  afterEach(() => server.close());

  const send = (method: string, path: string, body: unknown): Promise<GcsAnswer> =>
    sendGcs(server, {
      method,
      path: `/storage/v1/b${path}`,
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    });
  const get = (path: string): Promise<GcsAnswer> =>
    sendGcs(server, { path: `/storage/v1/b/${path}` });
  const create = (resource: unknown): Promise<GcsAnswer> => send('POST', '?project=p', resource);
  const patch = (change: unknown, query = ''): Promise<GcsAnswer> =>
    send('PATCH', `/bucket${query}`, change);

  it('creates a bucket, which keeps what is deleted for a week', async () => {
    assert.equal((await create({ name: 'bucket', location: 'eu' })).status, 200);
    const { name, location, softDeletePolicy, metageneration } = (await get('bucket')).json();
    assert.deepEqual(
      { name, location, softDeletePolicy, metageneration },
      {
        name: 'bucket',
        location: 'EU',
        softDeletePolicy: { retentionDurationSeconds: '604800' },
        metageneration: '1',
      },
    );
  });

  it('refuses a bucket that exists, without a project, or of a bad name', async () => {
    server.createBucket('bucket');
    const again = await create({ name: 'bucket' });
    assert.equal(again.status, 409);
    assert.equal(again.reason(), 'conflict');
    assert.equal((await send('POST', '', { name: 'other' })).reason(), 'required');
    assert.equal((await create({ name: 'No' })).status, 400);
    assert.equal((await get('other')).status, 404);
  });

  it('merges settings into a bucket', async () => {
    server.createBucket('bucket');
    const lifecycle = { rule: [deleteRule] };
    const first = await patch({ lifecycle, softDeletePolicy: { retentionDurationSeconds: 0 } });
    assert.equal(first.status, 200);
    const second = await patch({ versioning: { enabled: false } });
    const settings = second.json();
    assert.deepEqual(settings['lifecycle'], lifecycle);
    assert.deepEqual(settings['softDeletePolicy'], { retentionDurationSeconds: '0' });
    assert.deepEqual(settings['versioning'], { enabled: false });
    assert.equal(settings['metageneration'], '3');
    assert.equal((await patch({ lifecycle: null })).json()['lifecycle'], undefined);
  });

  it('changes a bucket only at the metageneration that is named', async () => {
    server.createBucket('bucket');
    const change = { versioning: { enabled: true } };
    assert.equal((await patch(change, '?ifMetagenerationMatch=1')).status, 200);
    assert.equal((await patch(change, '?ifMetagenerationMatch=1')).status, 412);
    assert.equal((await get('bucket?ifMetagenerationNotMatch=2')).status, 304);
  });

  it('refuses settings that the service does not have', async () => {
    server.createBucket('bucket');
    for (const change of [
      { colour: 'red' },
      { softDeletePolicy: { retentionDurationSeconds: 3600 } },
      { lifecycle: { rule: [{ action: { type: 'Burn' }, condition: { age: 1 } }] } },
      { lifecycle: { rule: [{ action: { type: 'Delete' }, condition: {} }] } },
      { lifecycle: { rule: [{ action: { type: 'Delete' }, condition: { age: -1 } }] } },
      { versioning: { enabled: 'yes' } },
      { location: 'asia' },
    ]) {
      assert.equal((await patch(change)).status, 400, JSON.stringify(change));
    }
    assert.equal((await get('bucket')).json()['metageneration'], '1');
  });
});
