import { hasCode, type BlobName } from '@holdfast/domain';
import { nativeChecksum as checksum, systemClock as clock } from '@holdfast/service-kit';
import { createGcsTier, type GcsTier } from '@holdfast/tier-gcs';
import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { collect, createBlobSamples } from '../../packages/testkit/src/contracts/blob-samples.js';
import { waitUntil } from '../support/cluster-wait.js';

const payload = Buffer.alloc(300 * 1024, 5);
const missing = { error: { code: 404, message: 'No such object: blobs/x', errors: [] } };
const limits = { attemptMsMax: 2_000, callMsMax: 5_000, retryDelayMs: 1, attemptsMax: 3 };

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** A server that answers what a test says, and whose connections it can count and kill. */
describe('the connections to Cloud Storage', () => {
  const { name, metadata } = createBlobSamples()();
  let server: Server;
  let tier: GcsTier;
  let sockets: Socket[];
  let paths: string[];
  let answer: Answer;

  beforeEach(async () => {
    sockets = [];
    paths = [];
    server = createServer((request, response) => {
      paths.push(request.url ?? '');
      answer(request, response);
    });
    server.on('connection', (socket) => sockets.push(socket));
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    const { port } = server.address() as AddressInfo;
    const options = { bucket: 'blobs', apiEndpoint: `http://127.0.0.1:${port}`, ...limits };
    tier = createGcsTier(options, { clock, checksum });
  });

  afterEach(async () => {
    tier.close();
    server.closeAllConnections();
    await new Promise((resolve) => {
      server.close(resolve);
    });
  });

  const answerMissing: Answer = (_, response) => {
    response.writeHead(404, { 'content-type': 'application/json' }).end(JSON.stringify(missing));
  };

  const answerMedia: Answer = (_, response) => {
    const headers = {
      'content-type': 'application/vnd.holdfast.blob',
      'content-length': payload.length,
      'x-goog-generation': '1',
      'x-goog-hash': 'crc32c=AAAAAA==',
    };
    response.writeHead(200, headers).end(payload);
  };

  const isUnavailable = (error: unknown): boolean => hasCode(error, 'TIER_UNAVAILABLE');

  async function readAll(): Promise<number> {
    const read = await tier.read(name);
    assert.equal(read.kind, 'found');
    return (await collect(read.payload)).length;
  }

  it('serve one request after the other', async () => {
    answer = answerMedia;
    for (let reads = 0; reads < 5; reads += 1) assert.equal(await readAll(), payload.length);
    answer = answerMissing;
    for (let heads = 0; heads < 5; heads += 1) {
      assert.deepEqual(await tier.head(name), { kind: 'absent' });
    }
    // A request that follows at once may come before the connection is back.
    assert.ok(sockets.length <= 2, `${sockets.length} connections`);
  });

  it('are free as soon as the last byte is there, also if the reader asks for no more', async () => {
    answer = answerMedia;
    const read = await tier.read(name);
    assert.equal(read.kind, 'found');
    let left = payload.length;
    const iterator = read.payload[Symbol.asyncIterator]();
    while (left > 0) {
      const next = await iterator.next();
      assert.ok(next.done !== true);
      left -= next.value.length;
    }
    assert.equal(tier.openReaders(), 0);
    assert.equal(await readAll(), payload.length);
    assert.ok(sockets.length <= 2, `${sockets.length} connections`);
  });

  it('that were kept and turn out to be dead are replaced, all of them at once', async () => {
    answer = answerMissing;
    await Promise.all(Array.from({ length: 10 }, () => tier.head(name)));
    assert.equal(sockets.length, 10);
    // As behind a balancer that has forgotten them: each is lost only when it is used.
    const dead = new Set(sockets);
    answer = (request, response) => {
      if (dead.has(request.socket)) request.socket.destroy();
      else answerMissing(request, response);
    };
    assert.deepEqual(await tier.head(name), { kind: 'absent' });
    await waitUntil(
      'the others are closed',
      () => sockets,
      (all) => all.slice(0, 10).every(({ destroyed }) => destroyed),
    );
  });

  it('are not left open by a reader that goes away, nor by one that never began', async () => {
    answer = (_, response) => {
      answerMedia(
        _,
        response.on('error', () => undefined),
      );
    };
    for (const begins of [true, false]) {
      const controller = new AbortController();
      answer = (_, response) => {
        response.writeHead(200, {
          'content-type': 'application/vnd.holdfast.blob',
          'content-length': 10 * payload.length,
          'x-goog-generation': '1',
          'x-goog-hash': 'crc32c=AAAAAA==',
        });
        response.write(payload);
      };
      const read = await tier.read(name, undefined, controller.signal);
      assert.equal(read.kind, 'found');
      if (begins) await read.payload[Symbol.asyncIterator]().next();
      controller.abort();
      await waitUntil(
        'they are closed',
        () => sockets,
        (all) => all.every(({ destroyed }) => destroyed),
      );
      assert.equal(tier.openReaders(), 0);
    }
  });

  it('are waited for, where there are too many requests, without an attempt being spent', async () => {
    const { port } = server.address() as AddressInfo;
    const apiEndpoint = `http://127.0.0.1:${port}`;
    const few = { requestsMax: 1, attemptsMax: 1, attemptMsMax: 100, callMsMax: 5_000 };
    const narrow = createGcsTier({ bucket: 'blobs', apiEndpoint, ...few }, { clock, checksum });
    answer = answerMedia;
    const read = await narrow.read(name);
    assert.equal(read.kind, 'found');
    answer = answerMissing;
    const heading = narrow.head(name);
    const begin = performance.now();
    await waitUntil(
      'an attempt would be over',
      () => performance.now() - begin,
      (ms) => ms > 200,
    );
    await collect(read.payload);
    assert.deepEqual(await heading, { kind: 'absent' });
    narrow.close();
  });

  it('lead nowhere else: a redirect is an error', async () => {
    for (const status of [301, 302, 307, 308]) {
      answer = (_, response) => {
        response.writeHead(status, { location: 'http://127.0.0.1:1/elsewhere' }).end();
      };
      paths = [];
      await assert.rejects(tier.head(name), isUnavailable);
      assert.equal(paths.length, 1, 'it is asked once');
    }
  });

  it('carry names that are encoded to the last character', async () => {
    answer = answerMissing;
    const odd = `u/a.b/objects/.././é!'()*+ &?#%2F/${metadata.revision}` as BlobName;
    await tier.head(odd);
    const path = paths[0]?.split('?')[0] ?? '';
    const encoded = path.slice('/storage/v1/b/blobs/o/'.length);
    assert.match(encoded, /^[A-Za-z0-9._~%-]+$/);
    assert.equal(decodeURIComponent(encoded), odd);
  });

  it('are tried again when too much was asked for at once, which a 403 may say as well', async () => {
    const refuse =
      (reason: string): Answer =>
      (_, response) => {
        const error = { code: 403, message: 'no', errors: [{ domain: 'usageLimits', reason }] };
        response.writeHead(403, { 'content-type': 'application/json' });
        response.end(JSON.stringify({ error }));
      };
    answer = (request, response) => {
      (paths.length < 3 ? refuse('rateLimitExceeded') : answerMissing)(request, response);
    };
    assert.deepEqual(await tier.head(name), { kind: 'absent' });
    paths = [];
    answer = refuse('forbidden');
    await assert.rejects(tier.head(name), /it is not allowed/);
    assert.equal(paths.length, 1);
  });

  it('bring what is stored encoded to nobody: it is no blob of ours', async () => {
    answer = (_, response) => {
      response.writeHead(200, {
        'content-type': 'application/vnd.holdfast.blob',
        'x-goog-generation': '1',
        'x-goog-stored-content-encoding': 'gzip',
      });
      response.end(payload);
    };
    await assert.rejects(tier.read(name), (error) => hasCode(error, 'UNREADABLE'));
    assert.equal(tier.openReaders(), 0);
  });
});
