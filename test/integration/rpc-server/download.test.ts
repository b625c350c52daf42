import * as grpc from '@grpc/grpc-js';
import { download, objectNotFound } from '@holdfast/rpc';
import type { CallContext, MessageWriter } from '@holdfast/rpc';
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { constants } from 'node:http2';
import { get, startGet, statusOf } from './byte-methods.js';
import { startTestServer, type TestServer } from './test-server.js';
import { answerOf, connectRaw, framed } from './raw-peer.js';
import { codeOf, stands } from './waiting.js';

const chunk = Buffer.alloc(256 * 1_024, 7);

describe('a download from the rpc server', () => {
  let test: TestServer;
  afterEach(() => test.close());

  async function serve(
    handler: (
      request: Buffer,
      responses: MessageWriter<Buffer>,
      context: CallContext,
    ) => Promise<void>,
    limits = {},
  ): Promise<grpc.Client> {
    test = await startTestServer([download(get, handler)], limits);
    return test.client();
  }

  it('brings every message, in order, with the request id before them', async () => {
    const client = await serve(async (request, responses) => {
      for (let at = 0; at < 100; at += 1)
        await responses.write(Buffer.from(`${String(request)}${at}`));
    });
    const call = startGet(client, Buffer.from('#'));
    const metadata = once(call, 'metadata') as Promise<[grpc.Metadata]>;
    const ended = statusOf(call);
    const seen: string[] = [];
    for await (const message of call) seen.push(String(message));
    assert.deepEqual(
      seen,
      Array.from({ length: 100 }, (_, at) => `#${at}`),
    );
    assert.deepEqual((await metadata)[0].get('x-request-id'), ['made-1']);
    assert.equal((await ended).code, grpc.status.OK);
    assert.deepEqual((await test.ended()).ends, [{ code: grpc.status.OK, error: undefined }]);
  });

  it('fails without a first message with the status alone', async () => {
    const client = await serve(() => Promise.reject(objectNotFound()));
    const call = startGet(client);
    call.resume();
    const { code, metadata } = await statusOf(call);
    assert.equal(code, grpc.status.NOT_FOUND);
    assert.deepEqual(metadata.get('x-request-id'), ['made-1']);
  });

  it('hands at most two messages to the transport, however slowly they are read', async () => {
    let written = 0;
    await serve(async (_, responses) => {
      for (; written < 64; written += 1) await responses.write(chunk);
    });
    const peer = connectRaw(test.port, { initialWindowSize: 3 * chunk.length });
    const stream = peer.open(get.path);
    stream.end(framed(Buffer.alloc(0)));
    await once(stream, 'response');
    stream.pause();
    // What fits into the windows leaves. Then two messages are in the transport's hands.
    await stands(() => written);
    assert.ok(written >= 3 && written <= 8, `${written} messages were taken`);
    const answer = await answerOf(stream);
    assert.equal(answer.grpcStatus, grpc.status.OK);
    assert.equal(written, 64);
    peer.close();
  });

  it('wakes a writer that waits when the caller cancels', async () => {
    let failure: unknown;
    let written = 0;
    await serve(async (_, responses) => {
      try {
        for (; ; written += 1) await responses.write(chunk);
      } catch (error) {
        failure = error;
        throw error;
      }
    });
    const peer = connectRaw(test.port);
    const stream = peer.open(get.path);
    stream.end(framed(Buffer.alloc(0)));
    await once(stream, 'response');
    stream.pause();
    await stands(() => written);
    stream.close(constants.NGHTTP2_CANCEL);
    const { ends } = await test.ended();
    assert.deepEqual(
      ends.map(({ code }) => code),
      [grpc.status.CANCELLED],
    );
    assert.equal(codeOf(failure), grpc.status.CANCELLED);
    peer.close();
  });

  it('refuses writes that do not wait for one another, and writes after its end', async () => {
    const refusals: unknown[] = [];
    let writer: MessageWriter<Buffer> | undefined;
    const client = await serve(async (_, responses) => {
      writer = responses;
      const writes = [1, 2, 3].map(() => responses.write(chunk));
      const results = await Promise.allSettled(writes);
      refusals.push(...results.filter(({ status }) => status === 'rejected'));
    });
    const call = startGet(client);
    call.resume();
    assert.equal((await statusOf(call)).code, grpc.status.OK);
    assert.equal(refusals.length, 1);
    await assert.rejects(writer?.write(chunk) ?? Promise.resolve());
  });
});
