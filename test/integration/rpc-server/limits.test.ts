import * as grpc from '@grpc/grpc-js';
import { bidi, unary, upload } from '@holdfast/rpc';
import type { RpcMethod } from '@holdfast/rpc';
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { constants } from 'node:http2';
import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { batch, callHead, head, put, startBatch, startPut } from './byte-methods.js';
import { answerOf, connectRaw, framed, type RawPeer } from './raw-peer.js';
import { startTestServer, type TestServer } from './test-server.js';
import { failureOf } from './waiting.js';

const hello = Buffer.from('hello');

const methods: readonly RpcMethod[] = [
  unary(head, (request) => Promise.resolve(request)),
  upload(put, async (requests) => {
    for await (const message of requests) assert.notEqual(message, hello);
    return hello;
  }),
  bidi(
    batch,
    async (requests, responses) => {
      for await (const message of requests) await responses.write(message);
    },
    { stallWhileReading: false },
  ),
];

describe('the limits of the rpc server', () => {
  let test: TestServer;
  const peers: RawPeer[] = [];
  afterEach(async () => {
    for (const connected of peers.splice(0)) connected.close();
    await test.close();
  });

  async function peer(): Promise<RawPeer> {
    test = await startTestServer(methods, { stallMsMax: 5_000 });
    const connected = connectRaw(test.port);
    peers.push(connected);
    return connected;
  }

  it('refuse metadata of more than 8 KiB, and take 8 KiB', async () => {
    test = await startTestServer(methods);
    const client = test.client();
    const metadata = (bytes: number): grpc.Metadata => {
      const made = new grpc.Metadata();
      made.set('x-large', 'x'.repeat(bytes));
      return made;
    };
    const { response } = await callHead(client, hello, metadata(8 * 1_024));
    assert.equal(String(response), 'hello');
    const failure = await failureOf(callHead(client, hello, metadata(10 * 1_024)));
    assert.equal(failure.code, grpc.status.RESOURCE_EXHAUSTED);
    assert.equal(String((await callHead(client, hello)).response), 'hello');
  });

  it('refuse a message that says it has 4 GiB before any of them has come', async () => {
    const stream = (await peer()).open(put.path);
    stream.write(Buffer.of(0, 0xff, 0xff, 0xff, 0xff));
    assert.equal((await answerOf(stream)).grpcStatus, grpc.status.RESOURCE_EXHAUSTED);
  });

  it('refuse compressed messages, and ask for none', async () => {
    const connected = await peer();
    const bomb = framed(gzipSync(Buffer.alloc(1_024 * 1_024)), 1);
    const gzip = connected.open(put.path, { 'grpc-encoding': 'gzip' });
    gzip.write(bomb);
    const refusal = await answerOf(gzip);
    assert.match(test.refusals[0] ?? '', /compressed/);
    assert.equal(refusal.grpcStatus, grpc.status.UNIMPLEMENTED);
    assert.equal(refusal.headers['grpc-accept-encoding'], 'identity');
    const plain = connected.open(head.path, { 'grpc-encoding': 'identity' });
    plain.end(framed(hello));
    const answer = await answerOf(plain);
    assert.equal(answer.grpcStatus, grpc.status.OK);
    assert.equal(answer.headers['grpc-accept-encoding'], 'identity');
    assert.equal(test.calls.length, 1);
  });

  it('refuse what is not gRPC, as HTTP says it', async () => {
    const connected = await peer();
    for (const type of ['application/json', 'application/grpc-web', 'application/grpc+json', '']) {
      const stream = connected.open(head.path, { 'content-type': type });
      stream.end(framed(hello));
      assert.equal((await answerOf(stream)).httpStatus, 415);
    }
    const stream = connected.open(head.path, { ':method': 'GET' });
    const answer = await answerOf(stream);
    assert.equal(answer.httpStatus, 405);
    assert.equal(answer.headers['allow'], 'POST');
    const charset = connected.open(head.path, { 'content-type': 'application/grpc;charset=utf-8' });
    charset.end(framed(hello));
    assert.equal((await answerOf(charset)).grpcStatus, grpc.status.OK);
  });

  it('refuse methods that are not served, whatever they are called', async () => {
    const connected = await peer();
    const paths = [
      '/',
      '/x',
      '*',
      `${head.path}/`,
      '/holdfast.object.v1.ObjectService/%F0%9F%92%A9',
    ];
    for (const path of [...paths, `/${'x'.repeat(4_000)}`, '/\u00ff\u0080']) {
      const stream = connected.open(path);
      stream.end(framed(hello));
      const { grpcStatus, rstCode } = await answerOf(stream);
      if (rstCode !== constants.NGHTTP2_PROTOCOL_ERROR) {
        assert.equal(grpcStatus, grpc.status.UNIMPLEMENTED);
      }
    }
    assert.equal(test.calls.length, 0);
  });

  it('refuse unary calls of no request or of two', async () => {
    const connected = await peer();
    const none = connected.open(head.path);
    none.end();
    assert.equal((await answerOf(none)).grpcStatus, grpc.status.UNIMPLEMENTED);
    const two = connected.open(head.path);
    two.end(Buffer.concat([framed(hello), framed(hello)]));
    assert.equal((await answerOf(two)).grpcStatus, grpc.status.UNIMPLEMENTED);
    assert.deepEqual(
      test.calls.map(({ ends }) => ends.map(({ code }) => code)),
      [[grpc.status.UNIMPLEMENTED], [grpc.status.UNIMPLEMENTED]],
    );
  });

  it('survive messages cut short, wrong deadlines and metadata that is none', async () => {
    const connected = await peer();
    const cut = connected.open(put.path);
    cut.end(framed(hello).subarray(0, 7));
    await answerOf(cut);
    const never = connected.open(head.path, { 'grpc-timeout': 'soon' });
    never.end(framed(hello));
    assert.notEqual((await answerOf(never)).grpcStatus, grpc.status.OK);
    const strange = connected.open(head.path, { 'x-odd': '\u00e4\u00ff', 'x-odd-bin': '%%%' });
    strange.end(framed(hello));
    assert.equal((await answerOf(strange)).grpcStatus, grpc.status.OK);
    await test.ended(test.calls.length);
  });

  it('take deadlines that are years away', async () => {
    const connected = await peer();
    for (const timeout of ['99999999H', '2592000S', '60000M', '8760H']) {
      const stream = connected.open(head.path, { 'grpc-timeout': timeout });
      stream.end(framed(hello));
      assert.equal((await answerOf(stream)).grpcStatus, grpc.status.OK);
    }
  });

  it('survive connections that speak something else', async () => {
    await peer();
    for (const words of [
      'GET / HTTP/1.1\r\nhost: x\r\n\r\n',
      '\u0016\u0003\u0001',
      'x'.repeat(100),
    ]) {
      const socket = connect(test.port, '127.0.0.1');
      socket.on('error', () => undefined);
      socket.write(words);
      socket.resume();
      await once(socket, words.length > 3 ? 'close' : 'connect');
      socket.destroy();
    }
    const { response } = await callHead(test.client(), hello);
    assert.equal(String(response), 'hello');
  });

  it('bound the connections, and say so', async () => {
    test = await startTestServer(methods, { connectionsMax: 2 });
    await callHead(test.client(), hello);
    await callHead(test.client(), hello);
    assert.equal(test.server.connections(), 2);
    const failure = await failureOf(callHead(test.client(), hello));
    assert.equal(failure.code, grpc.status.UNAVAILABLE);
    await test.refused();
    assert.match(test.refusals[0] ?? '', /connection/);
  });

  it('bound the streams of a connection: the others wait at their caller', async () => {
    test = await startTestServer(methods, { streamsPerConnectionMax: 4 });
    const client = test.client();
    const calls = Array.from({ length: 8 }, () => startBatch(client));
    for (const call of calls) {
      call.on('error', () => undefined);
      call.write(hello);
    }
    await Promise.all(calls.slice(0, 4).map((call) => once(call, 'data')));
    assert.equal(test.server.inFlight(), 4);
    for (const call of calls.slice(0, 4)) call.end();
    await Promise.all(calls.slice(4).map((call) => once(call, 'data')));
    assert.ok(test.server.inFlight() <= 8);
    for (const call of calls) call.cancel();
  });

  it('let a stream receive faster than the 64 KiB that HTTP/2 begins with', async () => {
    test = await startTestServer(methods, { streamWindowBytes: 1_048_576 });
    const connected = connectRaw(test.port);
    peers.push(connected);
    await once(connected.session, 'remoteSettings');
    assert.equal(connected.session.remoteSettings.initialWindowSize, 1_048_576);
    assert.equal(connected.session.remoteSettings.maxConcurrentStreams, 256);
    const { response, stream } = startPut(test.client());
    stream.end(hello);
    await response;
  });

  it('leave the http2 servers of others as they are', async () => {
    const { createServer } = await import('node:http2');
    const module = (await import('node:http2')).default;
    test = await startTestServer(methods);
    assert.equal(module.createServer, createServer);
  });
});
