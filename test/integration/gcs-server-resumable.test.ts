import assert from 'node:assert/strict';
import { request } from 'node:http';
import { waitUntil } from '../support/cluster-wait.js';
import { startGcsServer, type GcsServer } from '../support/gcs/gcs-server.js';
import {
  putGcs,
  sendGcs,
  testBucket,
  uploadsPath,
  type GcsAnswer,
} from '../support/gcs/gcs-requests.js';

const quantum = 256 * 1024;
const weekMs = 7 * 24 * 60 * 60 * 1000;

describe('the Cloud Storage server of tests: resumable uploads', () => {
  let server: GcsServer;
  let now: number;

  beforeEach(async () => {
    now = 1_700_000_000_000;
    server = await startGcsServer({ clock: { now: () => now } });
    server.createBucket(testBucket);
  });

  afterEach(() => server.close());

  async function start(
    metadata: Record<string, unknown> = { name: 'x' },
    headers: Record<string, string> = {},
    query = '',
  ): Promise<string> {
    const answer = await sendGcs(server, {
      method: 'POST',
      path: `${uploadsPath}?uploadType=resumable${query}`,
      headers: { 'Content-Type': 'application/json', ...headers },
      body: JSON.stringify(metadata),
    });
    assert.equal(answer.status, 200);
    return answer.headers.location ?? '';
  }

  const put = (
    session: string,
    range: string | undefined,
    body: string | Uint8Array = '',
    headers: Record<string, string> = {},
  ): Promise<GcsAnswer> => {
    const given: Record<string, string> = range === undefined ? {} : { 'Content-Range': range };
    return sendGcs(server, {
      method: 'PUT',
      path: session,
      headers: { ...given, ...headers },
      body,
    });
  };

  const stored = (): Buffer => Buffer.from(server.objects(testBucket)[0]?.content() ?? []);

  it('starts with an absolute address that carries the session', async () => {
    const session = new URL(await start());
    assert.equal(session.origin, server.apiEndpoint);
    assert.ok(session.searchParams.has('upload_id'));
    assert.equal(server.sessions(), 1);
  });

  it('stores the body of a single request without a range', async () => {
    const session = await start(
      { name: 'x', metadata: { a: '1' } },
      { 'X-Upload-Content-Type': 'text/css' },
    );
    const answer = await put(session, undefined, 'hello');
    assert.equal(answer.status, 200);
    assert.equal(answer.json()['contentType'], 'text/css');
    assert.equal(stored().toString(), 'hello');
    assert.equal(server.sessions(), 0);
  });

  it('appends chunks and answers 308 with what it has, until the last', async () => {
    const session = await start();
    const first = await put(session, `bytes 0-${quantum - 1}/*`, Buffer.alloc(quantum, 1));
    assert.equal(first.status, 308);
    assert.equal(first.headers.range, `bytes=0-${quantum - 1}`);
    assert.equal(server.objects(testBucket).length, 0, 'nothing before the last chunk');
    const last = await put(session, `bytes ${quantum}-${quantum + 2}/${quantum + 3}`, 'end');
    assert.equal(last.status, 200);
    assert.equal(last.json()['size'], String(quantum + 3));
    assert.ok(stored().equals(Buffer.concat([Buffer.alloc(quantum, 1), Buffer.from('end')])));
  });

  it('refuses a status query that has a body', async () => {
    const session = await start();
    assert.equal((await put(session, 'bytes */*', 'hello')).status, 400);
    assert.equal((await put(session, 'bytes */*')).status, 308);
  });

  it('answers a status query without Range when nothing is stored', async () => {
    const answer = await put(await start(), 'bytes */*');
    assert.equal(answer.status, 308);
    assert.equal(answer.headers.range, undefined);
  });

  it('keeps only whole multiples of 256 KiB of a chunk that is not the last', async () => {
    const session = await start();
    const chunk = Buffer.alloc(2 * quantum + 5, 1);
    const answer = await put(session, `bytes 0-${chunk.length - 1}/*`, chunk);
    assert.equal(answer.headers.range, `bytes=0-${2 * quantum - 1}`);
    const rest = `bytes ${2 * quantum}-${2 * quantum + 4}/${chunk.length}`;
    assert.equal((await put(session, rest, chunk.subarray(2 * quantum))).status, 200);
    assert.ok(stored().equals(chunk));
  });

  it('refuses a chunk of less than 256 KiB that is not the last', async () => {
    const session = await start();
    assert.equal((await put(session, 'bytes 0-4/*', 'hello')).status, 400);
    assert.equal((await put(session, 'bytes */*')).headers.range, undefined);
  });

  it('answers 503 in plain text to a chunk that begins beyond what is stored', async () => {
    const answer = await put(await start(), `bytes 4-8/9`, 'hello');
    assert.equal(answer.status, 503);
    assert.match(String(answer.headers['content-type']), /^text\/plain/u);
    assert.match(answer.body.toString(), /exceeds already uploaded size of 0 byte/u);
  });

  it('passes over bytes that are stored already', async () => {
    const session = await start();
    await put(session, `bytes 0-${quantum - 1}/*`, Buffer.alloc(quantum, 1));
    const all = Buffer.concat([Buffer.alloc(quantum, 2), Buffer.from('end')]);
    assert.equal((await put(session, `bytes 0-${quantum + 2}/${quantum + 3}`, all)).status, 200);
    assert.equal(stored()[0], 1);
    assert.equal(stored().length, quantum + 3);
  });

  it('ends with a status query that names the size which is stored', async () => {
    const session = await start();
    await put(session, `bytes 0-${quantum - 1}/*`, Buffer.alloc(quantum));
    assert.equal((await put(session, `bytes */${quantum}`)).status, 200);
    assert.equal(server.objects(testBucket)[0]?.size, quantum);
    assert.equal((await put(await start({ name: 'empty' }), 'bytes */0')).status, 200);
  });

  it('answers the object again when it has ended', async () => {
    const session = await start();
    const answer = await put(session, 'bytes 0-4/5', 'hello');
    const again = await put(session, 'bytes */*');
    assert.equal(again.status, 200);
    assert.deepEqual(again.json(), answer.json());
  });

  it('checks preconditions at the start and again at the end', async () => {
    const session = await start({ name: 'x' }, {}, '&ifGenerationMatch=0');
    await sendGcs(server, putGcs('x', 'other'));
    assert.equal((await put(session, 'bytes 0-4/5', 'hello')).status, 412);
    assert.equal(stored().toString(), 'other');
    const late = await sendGcs(server, {
      method: 'POST',
      path: `${uploadsPath}?uploadType=resumable&name=x&ifGenerationMatch=0`,
    });
    assert.equal(late.status, 412);
  });

  it('refuses another payload than hashes and sizes have announced', async () => {
    const sized = await start({ name: 'x' }, { 'X-Upload-Content-Length': '6' });
    assert.equal((await put(sized, undefined, 'hello')).status, 400);
    const beyond = await put(sized, `bytes 0-${quantum - 1}/*`, Buffer.alloc(quantum));
    assert.equal(beyond.status, 400);
    const hashed = await start({ name: 'x', crc32c: 'AAAAAA==' });
    assert.equal((await put(hashed, undefined, 'hello')).status, 400);
    const wrong = { 'X-Goog-Hash': 'crc32c=AAAAAA==' };
    assert.equal((await put(await start(), undefined, 'hello', wrong)).status, 400);
    assert.equal(server.objects(testBucket).length, 0);
  });

  it('refuses ranges that are malformed or are not those of the body', async () => {
    const session = await start();
    for (const range of ['bytes 0-3/5', 'bytes 0-5/5', 'bytes 4-0/5', 'hello', 'bytes 0-4/x']) {
      assert.equal((await put(session, range, 'hello')).status, 400, range);
    }
    assert.equal((await put(session, 'bytes 0-4/5', 'hello')).status, 200);
  });

  it('ends a session that is deleted with 499, and stores nothing', async () => {
    const session = await start();
    assert.equal((await sendGcs(server, { method: 'DELETE', path: session })).status, 499);
    assert.equal((await put(session, undefined, 'hello')).status, 404);
    assert.equal(server.sessions(), 0);
    assert.equal(server.objects(testBucket).length, 0);
  });

  it('forgets a session after a week', async () => {
    const session = await start();
    now += weekMs + 1;
    assert.equal(server.sessions(), 0);
    assert.equal((await put(session, undefined, 'hello')).status, 410);
  });

  it('keeps the whole multiples that came before a client broke off', async () => {
    const session = await start();
    const sent = request(session, {
      method: 'PUT',
      headers: { 'Content-Range': `bytes 0-${4 * quantum - 1}/*`, 'Content-Length': 4 * quantum },
    });
    sent.on('error', () => undefined);
    await new Promise((resolve) => sent.write(Buffer.alloc(quantum + 5), resolve));
    const status = (): Promise<GcsAnswer> => put(session, 'bytes */*');
    sent.destroy();
    const answer = await waitUntil('it is told', status, (one) => one.headers.range !== undefined);
    assert.equal(answer.headers.range, `bytes=0-${quantum - 1}`);
  });
});
