import * as grpc from '@grpc/grpc-js';
import { bidi, download, fromServiceError, unary } from '@holdfast/rpc';
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { batch, callHead, get, head, startBatch, statusOf } from './byte-methods.js';
import { answerOf, connectRaw, framed } from './raw-peer.js';
import { startTestServer, type TestServer } from './test-server.js';
import { codeOf, createGate, failureOf, reasonOf } from './waiting.js';

const hello = Buffer.from('hello');

describe('closing the rpc server', () => {
  let test: TestServer;
  afterEach(() => test.close());

  it('lets running calls end, and takes no new ones', async () => {
    const started = createGate();
    const released = createGate();
    test = await startTestServer([
      unary(head, async (request) => {
        started.open();
        await released.opened;
        return request;
      }),
    ]);
    const running = callHead(test.client(), hello);
    await started.opened;
    const closed = test.server.close(10_000);
    assert.equal(test.server.draining.aborted, true);
    const failure = await failureOf(callHead(test.client(), hello));
    assert.equal(failure.code, grpc.status.UNAVAILABLE);
    released.open();
    assert.equal(String((await running).response), 'hello');
    assert.equal(await closed, 0);
    assert.equal(await test.server.close(0), 0);
    assert.equal(test.server.inFlight(), 0);
  });

  it('cuts off what does not end in time, says why, and counts it', async () => {
    const started = createGate();
    let reason: unknown;
    test = await startTestServer([
      unary(head, async (request, { signal }) => {
        started.open();
        await once(signal, 'abort');
        reason = reasonOf(signal);
        await new Promise(() => undefined);
        return request;
      }),
    ]);
    const failing = failureOf(callHead(test.client(), hello));
    await started.opened;
    assert.equal(await test.server.close(50), 1);
    const failure = await failing;
    assert.equal(failure.code, grpc.status.UNAVAILABLE);
    assert.equal(fromServiceError(failure).reason, 'OUTCOME_UNKNOWN');
    assert.equal(codeOf(reason), grpc.status.UNAVAILABLE);
    assert.deepEqual(
      test.calls[0]?.ends.map(({ code }) => code),
      [grpc.status.UNAVAILABLE],
    );
    assert.equal(test.server.connections(), 0);
  });

  it('is heard by long-lived streams, which end well', async () => {
    test = await startTestServer([
      bidi(
        batch,
        async (requests, responses) => {
          const { done } = await requests.next();
          assert.equal(done, false);
          await once(test.server.draining, 'abort');
          await responses.write(hello);
        },
        { stallWhileReading: false },
      ),
    ]);
    const call = startBatch(test.client());
    const ended = statusOf(call);
    call.write(hello);
    const answered = once(call, 'data');
    await new Promise((resolve) => call.write(hello, resolve));
    await callUntilSeen();
    assert.equal(await test.server.close(10_000), 0);
    await answered;
    assert.equal((await ended).code, grpc.status.OK);
  });

  it('waits for the last bytes of an answer to be read', async () => {
    const chunk = Buffer.alloc(256 * 1_024);
    const written = createGate();
    test = await startTestServer([
      download(get, async (_, responses) => {
        await responses.write(chunk);
        written.open();
      }),
    ]);
    const peer = connectRaw(test.port);
    const stream = peer.open(get.path);
    stream.end(framed(hello));
    await once(stream, 'response');
    stream.pause();
    await written.opened;
    const closed = test.server.close(10_000);
    const answer = await answerOf(stream);
    assert.equal(answer.grpcStatus, grpc.status.OK);
    assert.equal(await closed, 0);
    peer.close();
  });

  it('does not wait for a peer that neither reads nor leaves', async () => {
    const chunk = Buffer.alloc(256 * 1_024);
    test = await startTestServer([
      download(get, async (_, responses) => {
        for (;;) await responses.write(chunk);
      }),
    ]);
    const peer = connectRaw(test.port);
    const stream = peer.open(get.path);
    stream.end(framed(hello));
    await once(stream, 'response');
    stream.pause();
    assert.equal(await test.server.close(50), 1);
    assert.equal(test.server.connections(), 0);
    peer.close();
  });

  it('takes no more than its time, farewells included', async () => {
    const chunk = Buffer.alloc(256 * 1_024);
    test = await startTestServer([
      download(get, async (_, responses) => {
        for (;;) await responses.write(chunk);
      }),
    ]);
    const peer = connectRaw(test.port);
    const stream = peer.open(get.path);
    stream.end(framed(hello));
    await once(stream, 'response');
    stream.pause();
    const msMax = 1_000;
    const before = performance.now();
    assert.equal(await test.server.close(msMax), 1);
    const tookMs = performance.now() - before;
    assert.ok(tookMs < msMax + 300, `${tookMs} ms`);
    peer.close();
  });

  it('ends idle connections at once', async () => {
    test = await startTestServer([unary(head, (request) => Promise.resolve(request))]);
    await callHead(test.client(), hello);
    const before = Date.now();
    assert.equal(await test.server.close(10_000), 0);
    assert.ok(Date.now() - before < 5_000);
  });

  /** Resolves once the server has seen the call that was begun. */
  async function callUntilSeen(): Promise<void> {
    while (test.calls.length === 0) await new Promise((resolve) => setImmediate(resolve));
  }
});
