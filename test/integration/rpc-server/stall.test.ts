import * as grpc from '@grpc/grpc-js';
import { bidi, download, fromServiceError, upload } from '@holdfast/rpc';
import type { MessageReader } from '@holdfast/rpc';
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { constants } from 'node:http2';
import { setTimeout } from 'node:timers/promises';
import { batch, get, put, startBatch, startPut, statusOf } from './byte-methods.js';
import { answerOf, connectRaw, framed, type RawPeer } from './raw-peer.js';
import { startTestServer, type TestServer } from './test-server.js';
import { codeOf, failureOf } from './waiting.js';

const chunk = Buffer.alloc(256 * 1_024, 7);
const stallMsMax = 400;
const limits = { stallMsMax, lingerMsMax: 200 };

describe('the stall rule of the rpc server', () => {
  let test: TestServer;
  const peers: RawPeer[] = [];
  afterEach(async () => {
    for (const peer of peers.splice(0)) peer.close();
    await test.close();
  });

  function connect(settings = {}): RawPeer {
    const peer = connectRaw(test.port, settings);
    peers.push(peer);
    return peer;
  }

  const countBytes = async (requests: MessageReader<Buffer>): Promise<Buffer> => {
    let bytes = 0;
    for await (const message of requests) bytes += message.length;
    return Buffer.from(String(bytes));
  };

  it('ends an upload whose sender says no more', async () => {
    test = await startTestServer([upload(put, countBytes)], limits);
    const before = Date.now();
    const { stream, response } = startPut(test.client());
    stream.write(chunk);
    const failure = await failureOf(response);
    assert.equal(failure.code, grpc.status.DEADLINE_EXCEEDED);
    assert.equal(fromServiceError(failure).reason, 'STREAM_STALLED');
    assert.ok(Date.now() - before >= stallMsMax);
    const [end] = (await test.ended()).ends;
    assert.equal(end?.error?.reason, 'STREAM_STALLED');
  });

  it('ends a call whose request never comes', async () => {
    test = await startTestServer([download(get, () => Promise.resolve())], limits);
    const answer = await answerOf(connect().open(get.path));
    assert.equal(answer.grpcStatus, grpc.status.DEADLINE_EXCEEDED);
    assert.equal((await test.ended()).ends.length, 1);
  });

  it('leaves an upload alone whose bytes trickle in, although no message is complete', async () => {
    test = await startTestServer([upload(put, countBytes)], limits);
    const stream = connect().open(put.path);
    const message = framed(Buffer.alloc(40));
    for (const byte of message) {
      stream.write(Buffer.of(byte));
      await setTimeout(stallMsMax / 16);
    }
    stream.end();
    assert.equal((await answerOf(stream)).grpcStatus, grpc.status.OK);
  });

  it('does not count the time in which the handler is busy', async () => {
    test = await startTestServer(
      [
        upload(put, async (requests) => {
          await requests.next();
          await setTimeout(3 * stallMsMax);
          return countBytes(requests);
        }),
      ],
      limits,
    );
    const { stream, response } = startPut(test.client());
    stream.write(chunk);
    stream.end();
    assert.equal(String(await response), '0');
  });

  it('ends a download whose reader takes nothing, and resets it when that goes on', async () => {
    let failure: unknown;
    test = await startTestServer(
      [
        download(get, async (_, responses) => {
          try {
            for (;;) await responses.write(chunk);
          } catch (error) {
            failure = error;
            throw error;
          }
        }),
      ],
      limits,
    );
    const stream = connect().open(get.path);
    stream.end(framed(Buffer.alloc(0)));
    await once(stream, 'response');
    stream.pause();
    const { ends } = await test.ended();
    assert.equal(ends[0]?.code, grpc.status.DEADLINE_EXCEEDED);
    assert.equal(codeOf(failure), grpc.status.DEADLINE_EXCEEDED);
    await once(stream, 'close');
    assert.equal(stream.rstCode, constants.NGHTTP2_CANCEL);
  });

  it('tells a reader who comes back in time why its download has ended', async () => {
    test = await startTestServer(
      [
        download(get, async (_, responses) => {
          for (;;) await responses.write(chunk);
        }),
      ],
      { ...limits, lingerMsMax: 60_000 },
    );
    const stream = connect().open(get.path);
    stream.end(framed(Buffer.alloc(0)));
    await once(stream, 'response');
    stream.pause();
    await test.ended();
    assert.equal((await answerOf(stream)).grpcStatus, grpc.status.DEADLINE_EXCEEDED);
  });

  it('leaves a download alone whose reader takes a message in small parts', async () => {
    test = await startTestServer([download(get, (_, responses) => responses.write(chunk))], limits);
    const stream = connect({ initialWindowSize: 16_384 }).open(get.path);
    stream.end(framed(Buffer.alloc(0)));
    await once(stream, 'response');
    let bytes = 0;
    stream.on('data', (data: Buffer) => {
      bytes += data.length;
      stream.pause();
      void setTimeout(stallMsMax / 8).then(() => stream.resume());
    });
    const answer = await answerOf(stream);
    assert.equal(answer.grpcStatus, grpc.status.OK);
    assert.equal(bytes, chunk.length + 5);
  });

  it('lets a batch stream lie idle, and ends it when its answers are not read', async () => {
    test = await startTestServer(
      [
        bidi(
          batch,
          async (requests, responses) => {
            for await (const message of requests) {
              for (let at = 0; at < 64; at += 1) await responses.write(message);
            }
          },
          { stallWhileReading: false },
        ),
      ],
      limits,
    );
    const idle = startBatch(test.client());
    idle.resume();
    const ended = statusOf(idle);
    await setTimeout(3 * stallMsMax);
    assert.equal(test.calls[0]?.ends.length, 0);
    idle.end();
    assert.equal((await ended).code, grpc.status.OK);

    const unread = connect().open(batch.path);
    unread.write(framed(chunk));
    await once(unread, 'response');
    unread.pause();
    await test.ended(2);
    assert.equal(test.calls[1]?.ends[0]?.code, grpc.status.DEADLINE_EXCEEDED);
  });

  it('does not count for other bidi streams only while they answer', async () => {
    test = await startTestServer(
      [
        bidi(batch, async (requests) => {
          await requests.next();
        }),
      ],
      limits,
    );
    const call = startBatch(test.client());
    call.resume();
    assert.equal((await statusOf(call)).code, grpc.status.DEADLINE_EXCEEDED);
  });

  it('resets a stream whose caller goes on sending after the end', async () => {
    test = await startTestServer(
      [
        upload(put, async (requests) => {
          await requests.next();
          return Buffer.alloc(0);
        }),
      ],
      limits,
    );
    const stream = connect().open(put.path);
    stream.resume();
    const closed = once(stream, 'close');
    const pump = (): void => {
      if (!stream.closed) stream.write(framed(chunk), () => setImmediate(pump));
    };
    pump();
    await closed;
    assert.equal((await test.ended()).ends[0]?.code, grpc.status.OK);
  });
});
