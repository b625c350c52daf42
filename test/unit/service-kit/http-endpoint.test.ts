import {
  createMetrics,
  startHttpEndpoint,
  StartupError,
  type HttpEndpoint,
} from '@holdfast/service-kit';
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { text as textOf } from 'node:stream/consumers';
import { recordingLogger } from './recording-logger.js';

interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
}

describe('the HTTP endpoint', () => {
  let endpoint: HttpEndpoint;
  let ready: boolean | string = true;

  before(async () => {
    const metrics = createMetrics({ service: 'test' });
    metrics.gauge('answer_bytes', 'The answer', () => 42);
    const options = { host: '127.0.0.1', port: 0 };
    endpoint = await startHttpEndpoint(options, { metrics, isReady: () => ready });
  });
  after(() => endpoint.close());

  async function ask(path: string, method = 'GET', body?: string): Promise<Answer> {
    const asking = request({ ...endpoint.address, path, method });
    asking.end(body);
    const [response] = (await once(asking, 'response')) as [IncomingMessage];
    const { statusCode: status, headers } = response;
    return { status, headers, text: await textOf(response) };
  }

  it('tells the metrics', async () => {
    const { status, headers, text } = await ask('/metrics');
    assert.equal(status, 200);
    assert.match(String(headers['content-type']), /^text\/plain; version=0\.0\.4/);
    assert.match(text, /^holdfast_answer_bytes\{service="test"\} 42$/m);
  });

  it('is healthy as long as it answers', async () => {
    ready = false;
    const { status, text } = await ask('/healthz');
    assert.deepEqual([status, text], [200, 'ok\n']);
  });

  it('tells whether calls should be sent here, and why not', async () => {
    const told: unknown[] = [];
    for (const state of [true, false, 'no backend is ready'] as const) {
      ready = state;
      const { status, text } = await ask('/readyz?verbose');
      told.push([status, text]);
    }
    assert.deepEqual(told, [
      [200, 'ready\n'],
      [503, 'not ready\n'],
      [503, 'not ready: no backend is ready\n'],
    ]);
  });

  it('has nothing else', async () => {
    for (const path of [
      '/',
      '/metrics/',
      '/debug',
      '/healthz/../metrics',
      '//metrics',
      '/__proto__',
    ]) {
      assert.equal((await ask(path)).status, 404, path);
    }
  });

  it('lets nobody do anything but read', async () => {
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'TRACE']) {
      const { status, headers } = await ask('/metrics', method);
      assert.deepEqual([status, headers.allow], [405, 'GET, HEAD'], method);
    }
  });

  it('answers HEAD without a body', async () => {
    const { status, headers, text } = await ask('/healthz', 'HEAD');
    assert.deepEqual([status, headers['content-length'], text], [200, '3', '']);
  });

  it('forbids browsers everything, in every answer', async () => {
    for (const path of ['/metrics', '/readyz', '/nothing']) {
      const { headers } = await ask(path);
      assert.match(String(headers['content-security-policy']), /default-src 'none'/);
      assert.equal(headers['x-content-type-options'], 'nosniff');
      assert.equal(headers['cache-control'], 'no-store');
      assert.equal(headers['server'], undefined);
    }
  });

  it('ends the connection of who sends it a body', async () => {
    const { status, headers } = await ask('/metrics', 'POST', 'x'.repeat(100_000));
    assert.deepEqual([status, headers.connection], [405, 'close']);
  });

  it('refuses headers larger than a caller needs', async () => {
    const socket = connect(endpoint.address.port, endpoint.address.host);
    socket.write(`GET /healthz HTTP/1.1\r\nhost: x\r\nx-large: ${'a'.repeat(20_000)}\r\n\r\n`);
    assert.match(await textOf(socket), /^HTTP\/1\.1 431 /);
  });

  it('says which port is in use, in one line', async () => {
    const { host, port } = endpoint.address;
    const metrics = createMetrics({ service: 'test' });
    await assert.rejects(
      startHttpEndpoint({ host, port }, { metrics, isReady: () => true }),
      (error) =>
        error instanceof StartupError && error.message === `port ${port} on 127.0.0.1 is in use`,
    );
  });

  it('says that a host is not its own, in one line', async () => {
    const metrics = createMetrics({ service: 'test' });
    const options = { host: '192.0.2.1', port: 0 };
    await assert.rejects(startHttpEndpoint(options, { metrics, isReady: () => true }), {
      name: 'StartupError',
      message: '192.0.2.1 is no address of this machine',
    });
  });

  it('answers 500 without a word about why, which is logged', async () => {
    const { logger, text: logged } = recordingLogger();
    const metrics = {
      ...createMetrics({ service: 'x' }),
      text: () => Promise.reject(new Error('inner')),
    };
    const own = await startHttpEndpoint(
      { host: '127.0.0.1', port: 0 },
      { metrics, isReady: () => true, logger },
    );
    const response = await fetch(`http://127.0.0.1:${own.address.port}/metrics`);
    assert.deepEqual([response.status, await response.text()], [500, 'failed\n']);
    assert.match(logged(), /inner/);
    await own.close();
  });

  it('closes although a caller keeps its connection open', async () => {
    const metrics = createMetrics({ service: 'x' });
    const options = { host: '127.0.0.1', port: 0 };
    const own = await startHttpEndpoint(options, { metrics, isReady: () => true });
    const idle = connect(own.address.port, own.address.host);
    await once(idle, 'connect');
    idle.write('GET /healthz HTTP/1.1\r\n');
    const ended = once(idle, 'close');
    idle.resume();
    await own.close();
    await ended;
  });
});
