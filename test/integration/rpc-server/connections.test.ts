import * as grpc from '@grpc/grpc-js';
import { bidi, unary } from '@holdfast/rpc';
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { batch, callHead, head } from './byte-methods.js';
import { answerOf, connectRaw, framed } from './raw-peer.js';
import { startTestServer, type TestServer } from './test-server.js';

const hello = Buffer.from('hello');
const methods = [
  unary(head, (request) => Promise.resolve(request)),
  bidi(
    batch,
    async (requests, responses) => {
      for await (const message of requests) await responses.write(message);
    },
    { stallWhileReading: false },
  ),
];

describe('the connections of the rpc server', () => {
  let test: TestServer;
  afterEach(() => test.close());

  it('are closed when they have been idle for long, and not while a stream is open', async () => {
    test = await startTestServer(methods, { idleMsMax: 100 });
    const idle = connectRaw(test.port);
    const busy = connectRaw(test.port);
    const stream = busy.open(batch.path);
    stream.write(framed(hello));
    await once(stream, 'response');
    await new Promise((resolve) => idle.session.once('close', resolve));
    assert.equal(busy.session.closed, false);
    stream.end();
    assert.equal((await answerOf(stream)).grpcStatus, grpc.status.OK);
    await new Promise((resolve) => busy.session.once('close', resolve));
  });

  it('take no new streams past their age, and let those that run go on', async () => {
    test = await startTestServer(methods, { ageMsMax: 100 });
    const peer = connectRaw(test.port);
    const stream = peer.open(batch.path);
    stream.write(framed(hello));
    await once(stream, 'response');
    await once(peer.session, 'goaway');
    stream.end(framed(hello));
    assert.equal((await answerOf(stream)).grpcStatus, grpc.status.OK);
    const { response } = await callHead(test.client(), hello);
    assert.equal(String(response), 'hello');
  });

  it('are closed when their peer does not answer any more', async () => {
    test = await startTestServer(methods, { keepaliveMs: 50, keepaliveTimeoutMs: 50 });
    const socket = connect(test.port, '127.0.0.1');
    const emptySettings = Buffer.of(0, 0, 0, 4, 0, 0, 0, 0, 0);
    socket.write(Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), emptySettings]));
    socket.resume();
    await once(socket, 'close');
    assert.equal(test.server.connections(), 0);
  });

  it('are counted', async () => {
    test = await startTestServer(methods);
    assert.equal(test.server.connections(), 0);
    await callHead(test.client(), hello);
    assert.equal(test.server.connections(), 1);
  });
});
