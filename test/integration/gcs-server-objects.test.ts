import assert from 'node:assert/strict';
import { gzipSync } from 'node:zlib';
import { startGcsServer, type GcsServer } from '../support/gcs/gcs-server.js';
import {
  multipartGcs,
  objectsPath,
  openGcs,
  putGcs,
  sendGcs,
  testBucket,
  uploadsPath,
  type GcsAnswer,
} from '../support/gcs/gcs-requests.js';
import { waitUntil } from '../support/cluster-wait.js';

const downloadsPath = '/download/storage/v1/b/bucket/o';

describe('the Cloud Storage server of tests: objects', () => {
  let server: GcsServer;

  beforeEach(async () => {
    server = await startGcsServer();
    server.createBucket(testBucket);
  });

  afterEach(() => server.close());

  const get = (path: string, headers: Record<string, string> = {}): Promise<GcsAnswer> =>
    sendGcs(server, { path: `${objectsPath}/${path}`, headers });

  const put = async (name: string, text: string): Promise<string> => {
    const answer = await sendGcs(server, putGcs(name, text));
    return String(answer.json()['generation']);
  };

  const patch = (name: string, change: unknown, query = ''): Promise<GcsAnswer> =>
    sendGcs(server, {
      method: 'PATCH',
      path: `${objectsPath}/${name}${query}`,
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(change),
    });

  it('answers the metadata of an object whose name is percent-encoded in the path', async () => {
    await put('a/b c', 'hello');
    const answer = await get('a%2Fb%20c');
    assert.equal(answer.status, 200);
    assert.equal(answer.json()['name'], 'a/b c');
    assert.equal(answer.json()['kind'], 'storage#object');
  });

  it('answers only the fields that are selected', async () => {
    await put('x', 'hello');
    assert.deepEqual((await get('x?fields=name,size')).json(), { name: 'x', size: '5' });
    const page = await sendGcs(server, { path: `${objectsPath}?fields=items(name,size),kind` });
    assert.deepEqual(page.json(), { kind: 'storage#objects', items: [{ name: 'x', size: '5' }] });
    assert.equal((await get('x?fields=colour')).status, 400);
    assert.equal((await get('x?fields=name(')).status, 400);
  });

  it('does nothing for who selects a field that there is not', async () => {
    assert.equal((await sendGcs(server, putGcs('y', 'hello', '&fields=colour'))).status, 400);
    assert.equal(server.objects(testBucket).length, 0);
  });

  it('refuses names that are no UTF-8, in the path and in the query', async () => {
    assert.equal((await get('%FF')).status, 400);
    const media = `${uploadsPath}?uploadType=media&name=`;
    for (const name of ['%FF', '%', '%ED%A0%80']) {
      const answer = await sendGcs(server, { method: 'POST', path: `${media}${name}` });
      assert.equal(answer.status, 400, name);
    }
    await sendGcs(server, { method: 'POST', path: `${media}a+b%2B` });
    assert.equal((await get('a%20b+')).json()['name'], 'a b+');
  });

  it('refuses headers that it would have to act upon', async () => {
    await put('x', 'hello');
    for (const name of ['If-Match', 'If-Unmodified-Since', 'X-Goog-If-Generation-Match']) {
      assert.equal((await get('x', { [name]: '1' })).status, 400, name);
    }
  });

  it('answers 404 for an object or a generation that is not there', async () => {
    const generation = await put('x', 'hello');
    assert.equal((await get('y')).reason(), 'notFound');
    assert.equal((await get('y')).status, 404);
    assert.equal((await get(`x?generation=${generation}`)).status, 200);
    assert.equal((await get('x?generation=1')).status, 404);
  });

  it('answers a payload with what describes it', async () => {
    const generation = await put('x', 'hello');
    for (const path of [`${objectsPath}/x?alt=media`, `${downloadsPath}/x?alt=media`]) {
      const { status, headers, body } = await sendGcs(server, { path });
      assert.equal(status, 200);
      assert.equal(body.toString(), 'hello');
      assert.equal(headers['x-goog-generation'], generation);
      assert.equal(headers['x-goog-metageneration'], '1');
      assert.equal(headers['x-goog-hash'], 'crc32c=mnG7TA==,md5=XUFAKrxLKna5cZ2REBfFkg==');
      assert.equal(headers['x-goog-stored-content-length'], '5');
      assert.equal(headers['x-goog-stored-content-encoding'], 'identity');
      assert.equal(headers['content-type'], 'text/plain');
      assert.equal(headers['content-length'], '5');
    }
  });

  const ranges = [
    ['bytes=1-3', 'ell', 'bytes 1-3/5'],
    ['bytes=3-', 'lo', 'bytes 3-4/5'],
    ['bytes=-2', 'lo', 'bytes 3-4/5'],
    ['bytes=-9', 'hello', 'bytes 0-4/5'],
    ['bytes=3-99', 'lo', 'bytes 3-4/5'],
    ['bytes=3-99999999999999999999', 'lo', 'bytes 3-4/5'],
    ['Bytes=0-0', 'h', 'bytes 0-0/5'],
  ] as const;
  for (const [range, text, contentRange] of ranges) {
    it(`answers the part that ${range} asks for`, async () => {
      await put('x', 'hello');
      const answer = await get('x?alt=media', { Range: range });
      assert.equal(answer.status, 206);
      assert.equal(answer.body.toString(), text);
      assert.equal(answer.headers['content-range'], contentRange);
      assert.equal(answer.headers['x-goog-stored-content-length'], '5');
    });
  }

  it('answers 416 to a range beyond the payload', async () => {
    await put('x', 'hello');
    for (const range of ['bytes=5-', 'bytes=5-9', 'bytes=-0']) {
      const answer = await get('x?alt=media', { Range: range });
      assert.equal(answer.status, 416, range);
      assert.equal(answer.headers['content-range'], 'bytes */5');
    }
  });

  it('has no part of a payload without bytes', async () => {
    await put('empty', '');
    const whole = await get('empty?alt=media');
    assert.equal(whole.status, 200);
    assert.equal(whole.headers['content-length'], '0');
    assert.match(String(whole.headers['x-goog-hash']), /^crc32c=AAAAAA==,/u);
    const part = await get('empty?alt=media', { Range: 'bytes=0-' });
    assert.equal(part.status, 416);
    assert.equal(part.headers['content-range'], 'bytes */0');
  });

  it('passes over a range that is malformed', async () => {
    await put('x', 'hello');
    assert.equal((await get('x?alt=media', { Range: 'bytes=3-1' })).status, 200);
    assert.equal((await get('x?alt=media', { Range: 'lines=1-2' })).status, 200);
  });

  it('answers errors of a download as text', async () => {
    const answer = await get('x?alt=media');
    assert.equal(answer.status, 404);
    assert.equal(answer.body.toString(), 'No such object: bucket/x');
  });

  it('decompresses gzip for who does not accept it', async () => {
    const body = multipartGcs({ name: 'z', contentEncoding: 'gzip' }, gzipSync('hello'));
    const path = `${uploadsPath}?uploadType=multipart`;
    await sendGcs(server, { method: 'POST', path, ...body });
    const plain = await get('z?alt=media', { Range: 'bytes=1-2' });
    assert.equal(plain.status, 200, 'without ranges');
    assert.equal(plain.body.toString(), 'hello');
    assert.equal(plain.headers['content-encoding'], undefined);
    const stored = await get('z?alt=media', { 'Accept-Encoding': 'gzip' });
    assert.equal(stored.headers['content-encoding'], 'gzip');
    assert.deepEqual(stored.body, gzipSync('hello'));
  });

  it('reads no faster than the client does', async () => {
    await put('x', 'x'.repeat(64 * 1024 * 1024));
    const response = await openGcs(server, { path: `${objectsPath}/x?alt=media` });
    assert.equal(server.openReads(), 1, 'it waits for who reads');
    response.destroy();
    await waitUntil(
      'the read ends',
      () => server.openReads(),
      (count) => count === 0,
    );
  });

  it('checks preconditions of a read, 304 where nothing is new', async () => {
    const generation = await put('x', 'hello');
    assert.equal((await get('x?ifGenerationMatch=1')).status, 412);
    assert.equal((await get(`x?ifGenerationMatch=${generation}`)).status, 200);
    assert.equal((await get(`x?ifGenerationNotMatch=${generation}`)).status, 304);
    assert.equal((await get('x?ifMetagenerationNotMatch=1')).status, 304);
    assert.equal((await get('x?ifMetagenerationMatch=2')).status, 412);
    assert.equal((await get('x?ifGenerationMatch=x')).status, 400);
  });

  it('deletes an object once', async () => {
    const generation = await put('x', 'hello');
    const remove = (query: string): Promise<GcsAnswer> =>
      sendGcs(server, { method: 'DELETE', path: `${objectsPath}/x${query}` });
    assert.equal((await remove('?generation=1')).status, 404);
    assert.equal((await remove('?ifGenerationMatch=1')).status, 412);
    assert.equal((await remove(`?generation=${generation}`)).status, 204);
    assert.equal((await remove('')).status, 404);
  });

  it('merges a patch into the metadata and counts the metageneration', async () => {
    const generation = await put('x', 'hello');
    await patch('x', { metadata: { a: '1', b: '2' } });
    const answer = await patch('x', { metadata: { a: null, c: '3' }, contentType: 'text/css' });
    assert.equal(answer.status, 200);
    const { metadata, metageneration, contentType } = answer.json();
    assert.deepEqual(metadata, { b: '2', c: '3' });
    assert.equal(metageneration, '3');
    assert.equal(contentType, 'text/css');
    assert.equal(answer.json()['generation'], generation);
    assert.equal((await patch('x', {}, '?ifMetagenerationMatch=2')).status, 412);
    assert.equal((await patch('y', {})).status, 404);
    assert.equal((await patch('x', { name: 'x' })).status, 200);
    for (const change of [{ name: 'z' }, { crc32c: 'AAAAAA==' }, { contentType: 'a\nb' }]) {
      assert.equal((await patch('x', change)).status, 400, JSON.stringify(change));
    }
    const large = { d: 'v'.repeat(8 * 1024 - 3) };
    assert.equal((await patch('x', { metadata: large })).status, 400, 'with what it has');
  });

  it('moves the custom time of an object forward only', async () => {
    await put('x', 'hello');
    assert.equal((await patch('x', { customTime: '2026-01-02T00:00:00Z' })).status, 200);
    assert.equal((await patch('x', { customTime: '2026-01-03T00:00:00+01:00' })).status, 200);
    for (const customTime of ['2026-01-02T00:00:00Z', null, 'yesterday', '2026-02-30T00:00:00Z']) {
      const answer = await patch('x', { customTime });
      assert.equal(answer.status, 400);
      assert.equal(answer.reason(), 'invalid');
    }
    assert.equal(server.objects(testBucket)[0]?.customTime, '2026-01-02T23:00:00.000Z');
  });
});
