import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import { waitUntil } from '../support/cluster-wait.js';
import { sourceFlags } from '../support/child-process.js';
import { startGcsServer, type GcsServer } from '../support/gcs/gcs-server.js';
import {
  objectsPath,
  openGcs,
  putGcs,
  sendGcs,
  testBucket,
  uploadsPath,
  type GcsAnswer,
} from '../support/gcs/gcs-requests.js';

const quantum = 256 * 1024;
const processFile = fileURLToPath(new URL('../support/gcs/gcs-process.ts', import.meta.url));

describe('the Cloud Storage server of tests: faults', () => {
  let server: GcsServer;

  beforeEach(async () => {
    server = await startGcsServer();
    server.createBucket(testBucket);
  });

  afterEach(() => server.close());

  const put = (text = 'hello'): Promise<GcsAnswer> => sendGcs(server, putGcs('x', text));
  const read = (): Promise<GcsAnswer> => sendGcs(server, { path: `${objectsPath}/x?alt=media` });

  it('writes down what was asked and how it was answered', async () => {
    await sendGcs(server, { path: `${objectsPath}/x`, headers: { Authorization: 'Bearer t' } });
    assert.deepEqual(server.requests(), [
      {
        method: 'GET',
        kind: 'get',
        path: `${objectsPath}/x`,
        status: 404,
        authorization: 'Bearer t',
      },
    ]);
    server.clearRequests();
    assert.deepEqual(server.requests(), []);
  });

  it('answers with an error as often as it is told, after as many requests', async () => {
    server.fault({ kind: 'insert.media', status: 429, retryAfter: 3, after: 1, times: 2 });
    assert.equal((await read()).status, 404, 'of another kind');
    const answers = [await put(), await put(), await put(), await put()];
    assert.deepEqual(
      answers.map((one) => one.status),
      [200, 429, 429, 200],
    );
    assert.equal(answers[1]?.reason(), 'rateLimitExceeded');
    assert.equal(answers[1]?.headers['retry-after'], '3');
    server.fault({ status: 503 });
    assert.equal((await put()).reason(), 'backendError');
  });

  it('cuts a request in its body and stores nothing', async () => {
    server.fault({ cutAfterRequestBytes: 3 });
    await assert.rejects(put());
    assert.equal(server.objects(testBucket).length, 0);
    assert.equal(server.requests()[0]?.status, 0);
  });

  it('keeps the whole multiples of a cut chunk, or less of a chunk, when it is told', async () => {
    const start = { method: 'POST', path: `${uploadsPath}?uploadType=resumable&name=x` };
    const session = (await sendGcs(server, start)).headers.location ?? '';
    const chunk = (first: number): Promise<GcsAnswer> =>
      sendGcs(server, {
        method: 'PUT',
        path: session,
        headers: { 'Content-Range': `bytes ${first}-${first + 3 * quantum - 1}/*` },
        body: Buffer.alloc(3 * quantum),
      });
    const status = (): Promise<GcsAnswer> =>
      sendGcs(server, { method: 'PUT', path: session, headers: { 'Content-Range': 'bytes */*' } });
    server.fault({ kind: 'resumable.chunk', cutAfterRequestBytes: 2 * quantum });
    await assert.rejects(chunk(0));
    assert.equal((await status()).headers.range, undefined);
    server.fault({ kind: 'resumable.chunk', cutAfterRequestBytes: 2 * quantum, keeps: true });
    await assert.rejects(chunk(0));
    assert.equal((await status()).headers.range, `bytes=0-${2 * quantum - 1}`);
    server.fault({ kind: 'resumable.chunk', keepsOnlyBytes: quantum });
    assert.equal((await chunk(2 * quantum)).headers.range, `bytes=0-${3 * quantum - 1}`);
  });

  it('loses a reply after it did what was asked', async () => {
    server.fault({ loseReply: true });
    await assert.rejects(put());
    assert.equal(server.objects(testBucket).length, 1);
  });

  it('cuts a download in its body', async () => {
    await put();
    server.fault({ kind: 'media', cutAfterResponseBytes: 2 });
    const response = await openGcs(server, { path: `${objectsPath}/x?alt=media` });
    const received: Buffer[] = [];
    response.on('data', (data: Buffer) => received.push(data));
    await assert.rejects(
      new Promise((resolve, reject) => response.on('end', resolve).on('error', reject)),
    );
    assert.equal(Buffer.concat(received).toString(), 'he');
  });

  it('stalls before it does what was asked, after it, or in the middle of a payload', async () => {
    await put();
    server.fault({ kind: 'insert.media', stall: 'before' });
    const before = put('other').catch(String);
    await waitUntil(
      'it came',
      () => server.requests().length,
      (count) => count === 2,
    );
    assert.equal(server.objects(testBucket)[0]?.size, 5);
    server.fault({ kind: 'insert.media', stall: 'after' });
    const after = put('others').catch(String);
    await waitUntil(
      'it is done',
      () => server.objects(testBucket)[0]?.size,
      (size) => size === 6,
    );
    server.fault({ kind: 'media', stallAfterResponseBytes: 2 });
    const during = read().catch(String);
    await waitUntil(
      'it is read',
      () => server.openReads(),
      (count) => count === 1,
    );
    await server.close();
    for (const stalled of [before, after, during]) assert.equal(typeof (await stalled), 'string');
    server = await startGcsServer();
  });

  it('ends what is under way when it closes, and does nothing of it after', async () => {
    await put();
    const remove = { method: 'DELETE', path: `${objectsPath}/x` };
    server.fault({ kind: 'delete', delayMs: 600_000 });
    const delayed = sendGcs(server, remove).catch(String);
    const reading = await openGcs(server, { path: `${objectsPath}/x?alt=media` });
    reading.on('error', () => undefined);
    const idle = connect(Number(new URL(server.apiEndpoint).port), '127.0.0.1');
    await once(idle, 'connect');
    const ended = once(idle.resume(), 'close');
    await waitUntil(
      'it came',
      () => server.requests().length,
      (count) => count === 3,
    );
    await server.close();
    assert.equal(typeof (await delayed), 'string');
    await ended;
    assert.equal(server.objects(testBucket).length, 1);
    assert.equal(server.openReads(), 0);
    await server.close();
  });

  it('waits before it does what was asked', async () => {
    server.fault({ delayMs: 1 });
    assert.equal((await put()).status, 200);
  });

  it('changes a payload on its way in or out', async () => {
    server.fault({ kind: 'insert.media', wrongCrc32c: true });
    assert.notEqual((await put()).json()['crc32c'], 'mnG7TA==');
    assert.equal((await read()).body.toString(), 'iello');
    await put();
    server.fault({ kind: 'media', wrongCrc32c: true });
    assert.equal((await read()).body.toString(), 'iello');
    server.fault({ kind: 'insert.media', status: 500 });
    server.clearFaults();
    assert.equal((await put()).status, 200);
  });

  it('counts payloads only and reads zeros in their place, when it is told', async () => {
    await server.close();
    server = await startGcsServer({ discardPayloads: true });
    server.createBucket(testBucket);
    const { crc32c } = (await put()).json();
    assert.equal(crc32c, 'mnG7TA==', 'of what was given');
    assert.deepEqual((await read()).body, Buffer.alloc(5));
  });

  it('runs as a process of its own and ends with who started it', async () => {
    const args = ['--bucket', testBucket, '--discard-payloads'];
    const child = spawn(process.execPath, [...sourceFlags, processFile, ...args], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const exited = once(child, 'exit');
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    const { apiEndpoint } = JSON.parse(line.toString()) as { apiEndpoint: string };
    const answer = await fetch(`${apiEndpoint}/storage/v1/b/${testBucket}`);
    assert.equal(answer.status, 200);
    await answer.arrayBuffer();
    child.stdin.end();
    assert.deepEqual(await exited, [0, null]);
  });
});
