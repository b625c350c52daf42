import { createMetrics, startHttpEndpoint, type HttpRoute } from '@holdfast/service-kit';
import assert from 'node:assert/strict';
import { recordingLogger } from '../service-kit/recording-logger.js';

describe('a route of the HTTP endpoint', () => {
  const { logger, text: logged } = recordingLogger();

  async function statuses(
    routes: readonly HttpRoute[],
    paths: readonly string[],
  ): Promise<readonly string[]> {
    const endpoint = await startHttpEndpoint(
      { host: '127.0.0.1', port: 0 },
      { metrics: createMetrics({ service: 'test' }), isReady: () => true, logger, routes },
    );
    const told: string[] = [];
    for (const path of paths) {
      const answer = await fetch(`http://127.0.0.1:${endpoint.address.port}${path}`)
        .then(async (response) => `${response.status} ${(await response.text()).trim()}`)
        .catch(() => 'cut off');
      told.push(answer);
    }
    await endpoint.close();
    return told;
  }

  const answering = (path: string): HttpRoute => ({
    path,
    handle: (request, response) => void response.end(`${path} got ${request.url}`),
  });

  it('is asked for its path and what is below', async () => {
    const paths = ['/queues', '/queues/', '/queues/a/b?c', '/queues?x', '/queuesx', '/', '/other'];
    assert.deepEqual(await statuses([answering('/queues')], paths), [
      '200 /queues got /queues',
      '200 /queues got /queues/',
      '200 /queues got /queues/a/b?c',
      '200 /queues got /queues?x',
      '404 not found',
      '404 not found',
      '404 not found',
    ]);
  });

  it('of the root is asked for nothing but that', async () => {
    const paths = ['/', '/?x', '//', '/healthz', '/nothing'];
    assert.deepEqual(await statuses([answering('/')], paths), [
      '200 / got /',
      '200 / got /?x',
      '404 not found',
      '200 ok',
      '404 not found',
    ]);
  });

  it('takes the place of none that is always there', async () => {
    assert.deepEqual(
      await statuses([answering('/healthz'), answering('/readyz')], ['/healthz', '/readyz']),
      ['200 ok', '200 ready'],
    );
  });

  it('answers 500 without a word about why when it fails, which is logged', async () => {
    const failing: HttpRoute = {
      path: '/rejects',
      handle: () => Promise.reject(new Error('inner')),
    };
    const throwing: HttpRoute = {
      path: '/throws',
      handle() {
        throw new Error('thrown');
      },
    };
    const breaking: HttpRoute = {
      path: '/breaks',
      handle(_, response) {
        response.write('half');
        return Promise.reject(new Error('halfway'));
      },
    };
    assert.deepEqual(
      await statuses([failing, throwing, breaking], ['/rejects', '/throws', '/breaks']),
      ['500 failed', '500 failed', 'cut off'],
    );
    assert.match(logged(), /inner[\s\S]*thrown[\s\S]*halfway/);
  });
});
