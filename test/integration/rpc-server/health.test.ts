import * as grpc from '@grpc/grpc-js';
import { unary } from '@holdfast/rpc';
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { head, statusOf } from './byte-methods.js';
import { startTestServer, type TestServer } from './test-server.js';
import { failureOf } from './waiting.js';

const objectService = 'holdfast.object.v1.ObjectService';
const serving = Buffer.of(8, 1);
const notServing = Buffer.of(8, 2);
const serviceUnknown = Buffer.of(8, 3);

const asItIs = (bytes: Buffer): Buffer => bytes;
const question = (service: string): Buffer =>
  service === ''
    ? Buffer.alloc(0)
    : Buffer.concat([Buffer.of(10, service.length), Buffer.from(service)]);

describe('the health of the rpc server', () => {
  let test: TestServer;
  let client: grpc.Client;
  beforeEach(async () => {
    test = await startTestServer([unary(head, (request) => Promise.resolve(request))]);
    client = test.client();
  });
  afterEach(() => test.close());

  function ask(method: string, request: Buffer): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      client.makeUnaryRequest(
        `/grpc.health.v1.Health/${method}`,
        asItIs,
        asItIs,
        request,
        (error, response) => {
          if (error === null && response !== undefined) resolve(response);
          else reject(error ?? new Error('no answer'));
        },
      );
    });
  }

  function watch(service: string): grpc.ClientReadableStream<Buffer> {
    const path = '/grpc.health.v1.Health/Watch';
    return client.makeServerStreamRequest(path, asItIs, asItIs, question(service));
  }

  it('is not serving until the service says so', async () => {
    assert.deepEqual(await ask('Check', question('')), notServing);
    test.server.setServing(true);
    assert.deepEqual(await ask('Check', question('')), serving);
    assert.deepEqual(await ask('Check', question(objectService)), serving);
    test.server.setServing(false);
    assert.deepEqual(await ask('Check', question(objectService)), notServing);
  });

  it('does not know services that are not served', async () => {
    const failure = await failureOf(ask('Check', question('no.such.Service')));
    assert.equal(failure.code, grpc.status.NOT_FOUND);
    const call = watch('no.such.Service');
    assert.deepEqual(await once(call, 'data'), [serviceUnknown]);
    call.on('error', () => undefined);
    call.cancel();
  });

  it('lists the server and every service', async () => {
    test.server.setServing(true);
    const listed = await ask('List', Buffer.alloc(0));
    const entry = (name: string): Buffer =>
      Buffer.concat([Buffer.of(10, name.length), Buffer.from(name), Buffer.of(18, 2), serving]);
    const entries = ['', objectService].map(entry);
    const expected = entries.map((one) => Buffer.concat([Buffer.of(10, one.length), one]));
    assert.deepEqual(listed, Buffer.concat(expected));
  });

  it('tells watchers at once, at every change, and at last that it is over', async () => {
    const call = watch(objectService);
    const seen: Buffer[] = [];
    call.on('data', (answer: Buffer) => seen.push(answer));
    const ended = statusOf(call);
    await once(call, 'data');
    test.server.setServing(true);
    await once(call, 'data');
    assert.equal(await test.server.close(10_000), 0);
    const { code } = await ended;
    assert.equal(code, grpc.status.UNAVAILABLE);
    assert.deepEqual(seen, [notServing, serving, notServing]);
  });

  it('does not count as work that is done here', async () => {
    const call = watch('');
    await once(call, 'data');
    assert.equal(test.server.inFlight(), 0);
    call.on('error', () => undefined);
    call.cancel();
  });
});
