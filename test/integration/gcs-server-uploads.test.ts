import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Agent, request, type IncomingMessage } from 'node:http';
import { startGcsServer, type GcsServer } from '../support/gcs/gcs-server.js';
import {
  multipartGcs,
  objectsPath,
  putGcs,
  sendGcs,
  testBucket,
  uploadsPath,
  type GcsAnswer,
} from '../support/gcs/gcs-requests.js';

/** Of the text `hello`. */
const helloCrc32c = 'mnG7TA==';
const helloMd5 = 'XUFAKrxLKna5cZ2REBfFkg==';
/** More than a connection buffers. */
const largeBytes = 16 * 1024 * 1024;

describe('the Cloud Storage server of tests: uploads in one request', () => {
  let server: GcsServer;

  beforeEach(async () => {
    server = await startGcsServer({ clock: { now: () => 1_700_000_000_000 } });
    server.createBucket(testBucket);
  });

  afterEach(() => server.close());

  const multipart = (
    metadata: Record<string, unknown>,
    payload: string | Uint8Array = 'hello',
    query = '',
    headers: Record<string, string> = {},
  ): Promise<GcsAnswer> => {
    const body = multipartGcs(metadata, payload);
    return sendGcs(server, {
      method: 'POST',
      path: `${uploadsPath}?uploadType=multipart${query}`,
      ...body,
      headers: { ...body.headers, ...headers },
    });
  };

  it('stores the body of uploadType=media as the object', async () => {
    const answer = await sendGcs(server, putGcs('a/b', 'hello'));
    assert.equal(answer.status, 200);
    const { name, size, crc32c, md5Hash, contentType, generation, metageneration } = answer.json();
    assert.deepEqual(
      { name, size, crc32c, md5Hash, contentType, generation, metageneration },
      {
        name: 'a/b',
        size: '5',
        crc32c: helloCrc32c,
        md5Hash: helloMd5,
        contentType: 'text/plain',
        generation: '1700000000000000',
        metageneration: '1',
      },
    );
    assert.equal(Buffer.from(server.objects(testBucket)[0]?.content() ?? []).toString(), 'hello');
  });

  it('takes metadata and payload from the two parts of uploadType=multipart', async () => {
    const answer = await multipart({
      name: 'x',
      metadata: { a: '1' },
      customTime: '2026-01-02T03:04:05Z',
    });
    assert.equal(answer.status, 200);
    const { metadata, customTime, contentType } = answer.json();
    assert.deepEqual(metadata, { a: '1' });
    assert.equal(customTime, '2026-01-02T03:04:05.000Z');
    assert.equal(contentType, 'text/plain', 'that of the second part');
  });

  it('stores a payload that looks like boundaries, byte by byte', async () => {
    const payload = Buffer.concat([
      Buffer.from('\r\n--edg\r\n--'),
      Buffer.alloc(300_000, 13),
      Buffer.from('\r\n\r\n--edg'),
    ]);
    assert.equal((await multipart({ name: 'x' }, payload)).status, 200);
    assert.ok(payload.equals(server.objects(testBucket)[0]?.content() ?? Buffer.alloc(0)));
  });

  it('refuses a multipart body without its end, and stores nothing', async () => {
    const { headers = {}, body = '' } = multipartGcs({ name: 'x' }, 'hello');
    const answer = await sendGcs(server, {
      method: 'POST',
      path: `${uploadsPath}?uploadType=multipart`,
      headers,
      body: body.slice(0, -8),
    });
    assert.equal(answer.status, 400);
    assert.equal(server.objects(testBucket).length, 0);
  });

  for (const hashes of [{ crc32c: 'AAAAAA==' }, { md5Hash: 'AAAAAAAAAAAAAAAAAAAAAA==' }]) {
    it(`refuses another ${Object.keys(hashes).join()} than the payload has`, async () => {
      const answer = await multipart({ name: 'x', ...hashes });
      assert.equal(answer.status, 400);
      assert.equal(answer.reason(), 'invalid');
      assert.equal(server.objects(testBucket).length, 0);
    });
  }

  it('checks the hashes of X-Goog-Hash', async () => {
    const right = { 'X-Goog-Hash': `crc32c=${helloCrc32c},md5=${helloMd5}` };
    const wrong = { 'X-Goog-Hash': 'crc32c=AAAAAA==' };
    assert.equal((await multipart({ name: 'x' }, 'hello', '', wrong)).status, 400);
    assert.equal(server.objects(testBucket).length, 0);
    assert.equal((await multipart({ name: 'x' }, 'hello', '', right)).status, 200);
  });

  it('creates only, where the generation must be 0', async () => {
    assert.equal((await multipart({ name: 'x' }, 'hello', '&ifGenerationMatch=0')).status, 200);
    const again = await multipart({ name: 'x' }, 'other', '&ifGenerationMatch=0');
    assert.equal(again.status, 412);
    assert.equal(again.reason(), 'conditionNotMet');
    assert.equal(server.objects(testBucket)[0]?.size, 5);
  });

  it('reads the body to its end though it is refused before', async () => {
    await multipart({ name: 'x' });
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const { headers = {}, body = '' } = multipartGcs({ name: 'x' }, Buffer.alloc(largeBytes));
    const path = `${uploadsPath}?uploadType=multipart&ifGenerationMatch=0`;
    const post = async (): Promise<number | undefined> => {
      const sent = request(`${server.apiEndpoint}${path}`, { method: 'POST', agent, headers });
      sent.end(body);
      const [response] = (await once(sent, 'response')) as [IncomingMessage];
      await once(response.resume(), 'end');
      return response.statusCode;
    };
    assert.deepEqual(await Promise.all([post(), post()]), [412, 412], 'on one connection');
    agent.destroy();
  });

  it('replaces only the generation that is named, by a higher one', async () => {
    const first = (await multipart({ name: 'x' })).json()['generation'];
    const query = `&ifGenerationMatch=${String(first)}`;
    const second = (await multipart({ name: 'x' }, 'new', query)).json()['generation'];
    assert.ok(BigInt(String(second)) > BigInt(String(first)));
    assert.equal((await multipart({ name: 'x' }, 'newer', query)).status, 412);
  });

  it('refuses names that are empty, too long or have line breaks', async () => {
    for (const name of ['', 'é'.repeat(513), 'a\nb', 'a\rb', '.', '..']) {
      assert.equal((await sendGcs(server, putGcs(name, 'hello'))).status, 400, name);
    }
    assert.equal((await sendGcs(server, putGcs('é'.repeat(512), 'hello'))).status, 200);
  });

  it('refuses custom metadata of more than 8 KiB in all', async () => {
    const metadata = { key: 'v'.repeat(8 * 1024 - 3) };
    assert.equal((await multipart({ name: 'x', metadata })).status, 200);
    const answer = await multipart({ name: 'y', metadata: { ...metadata, k: '' } });
    assert.equal(answer.status, 400);
    assert.equal(answer.reason(), 'invalid');
  });

  it('refuses what it does not know rather than to pass over it', async () => {
    assert.equal((await multipart({ name: 'x', colour: 'red' })).status, 400);
    assert.equal((await multipart({ name: 'x', metadata: { a: 1 } })).status, 400);
    assert.equal((await multipart({ name: 'x', metadata: { a: '\ud800' } })).status, 400);
    assert.equal((await multipart({ name: 'x', contentType: 'a\r\nb: c' })).status, 400);
    assert.equal((await multipart({ name: 'x' }, 'hello', '&colour=red')).status, 400);
    assert.equal((await multipart({ name: 'x' }, 'hello', '&kmsKeyName=k')).status, 400);
    const noType = { method: 'POST', path: `${uploadsPath}?name=x`, body: 'hello' };
    assert.equal((await sendGcs(server, noType)).status, 400);
    assert.equal((await sendGcs(server, { ...noType, method: 'PUT' })).status, 405);
    assert.equal((await sendGcs(server, { path: '/storage/v2/b/bucket' })).status, 404);
    assert.equal((await sendGcs(server, { path: `${objectsPath}/a/b` })).status, 404);
  });

  it('has no such bucket', async () => {
    const answer = await sendGcs(server, {
      ...putGcs('x', 'hello'),
      path: '/upload/storage/v1/b/other/o?uploadType=media&name=x',
    });
    assert.equal(answer.status, 404);
    assert.equal(answer.reason(), 'notFound');
  });
});
