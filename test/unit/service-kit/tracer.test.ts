import {
  createCallObserver,
  createMetrics,
  createTracer,
  type TracerOptions,
} from '@holdfast/service-kit';
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { waitUntil } from '../../support/cluster-wait.js';
import { recordingLogger } from './recording-logger.js';

const traceId = '0af7651916cd43dd8448eb211c80319c';
const parentId = 'b7ad6b7169203331';
const sampled = `00-${traceId}-${parentId}-01`;
const notSampled = `00-${traceId}-${parentId}-00`;

/** What a collector was sent, as it came over the wire. */
interface Collector {
  readonly endpoint: string;
  readonly requests: { readonly request: IncomingMessage; readonly body: Buffer }[];
  readonly all: () => Buffer;
  answerWith(status: number): void;
  close(): Promise<void>;
}

describe('the tracer', () => {
  let collector: Collector;
  beforeEach(async () => {
    collector = await startCollector();
  });
  afterEach(() => collector.close());

  function trace(options: Partial<TracerOptions> = {}) {
    const { logger, lines } = recordingLogger();
    const all = { endpoint: collector.endpoint, service: 'gateway', sampleRatio: 1, ...options };
    return { tracer: createTracer(all, { logger }), lines };
  }

  it('sends spans with their names, parents, attributes and service', async () => {
    const { tracer } = trace();
    const attributes = { 'holdfast.request.id': 'r-17' };
    const span = tracer.startSpan('ObjectService/GetObject', {
      kind: 'server',
      traceparent: sampled,
      attributes,
    });
    const [, , spanId = ''] = span.traceparent?.split('-') ?? [];
    span.setError('UNAVAILABLE');
    span.end();
    await tracer.close();
    const [sent] = collector.requests;
    assert.equal(sent?.request.url, '/v1/traces');
    assert.equal(sent.request.headers['content-type'], 'application/x-protobuf');
    for (const text of ['gateway', 'ObjectService/GetObject', 'r-17', 'UNAVAILABLE']) {
      assert.ok(sent.body.includes(text), text);
    }
    for (const id of [traceId, parentId, spanId]) {
      assert.ok(sent.body.includes(Buffer.from(id, 'hex')), id);
    }
  });

  it('hands on a trace context of its own span within the trace of its caller', async () => {
    const { tracer } = trace();
    const span = tracer.startSpan('x', { kind: 'client', traceparent: sampled });
    assert.match(String(span.traceparent), new RegExp(`^00-${traceId}-[0-9a-f]{16}-01$`));
    assert.notEqual(span.traceparent, sampled);
    await tracer.close();
  });

  it('begins a trace when its caller has none, or one that is malformed', async () => {
    const { tracer } = trace();
    const malformed = [
      'x',
      `00-${traceId}-${parentId}`,
      `00-${traceId}-${parentId}-01-more`,
      `ff-${traceId}-${parentId}-01`,
      `00-${'0'.repeat(32)}-${parentId}-01`,
      `01-${traceId}-${parentId}-01-${'x'.repeat(1_000)}`,
    ];
    for (const traceparent of [undefined, ...malformed]) {
      const span = tracer.startSpan('x', { kind: 'internal', traceparent });
      assert.match(String(span.traceparent), /^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
      assert.ok(!String(span.traceparent).includes(traceId), traceparent);
    }
    const later = `01-${traceId}-${parentId}-01-more`;
    const known = tracer.startSpan('x', { kind: 'internal', traceparent: later });
    assert.ok(String(known.traceparent).includes(traceId));
    await tracer.close();
  });

  it('records what its caller records, and no more of its own than it is told to', async () => {
    const { tracer } = trace({ sampleRatio: 0 });
    tracer.startSpan('of-a-caller', { kind: 'server', traceparent: sampled }).end();
    tracer.startSpan('unsampled', { kind: 'server', traceparent: notSampled }).end();
    tracer.startSpan('my-own', { kind: 'server' }).end();
    await tracer.close();
    const sent = collector.all();
    assert.ok(sent.includes('of-a-caller'));
    assert.ok(!sent.includes('unsampled') && !sent.includes('my-own'));
  });

  it('sends spans in batches, and drops what there is no room for', async () => {
    const { tracer } = trace();
    for (let count = 0; count < 10_000; count += 1) {
      tracer.startSpan('flood', { kind: 'internal' }).end();
    }
    await tracer.close();
    const counts = collector.requests.map(
      ({ body }) => body.toString('latin1').split('flood').length - 1,
    );
    assert.ok(
      counts.every((count) => count <= 512),
      counts.join(', '),
    );
    const sent = counts.reduce((sum, count) => sum + count, 0);
    assert.ok(sent >= 512 && sent <= 2_048 + 512, `${sent} spans`);
  });

  it('takes an endpoint with a path as it is', async () => {
    const { tracer } = trace({ endpoint: `${collector.endpoint}/custom/traces` });
    tracer.startSpan('x', { kind: 'internal' }).end();
    await tracer.close();
    assert.equal(collector.requests[0]?.request.url, '/custom/traces');
  });

  it('says once that a collector refuses, and does not fail', async () => {
    collector.answerWith(400);
    const { tracer, lines } = trace();
    for (let count = 0; count < 600; count += 1) tracer.startSpan('x', { kind: 'internal' }).end();
    // What is left of them would not be sent any more by a tracer that is closing.
    await waitUntil(
      'the first batch is refused',
      () => lines().length,
      (count) => count > 0,
    );
    await tracer.close();
    assert.equal(collector.requests.length, 2);
    assert.deepEqual(
      lines().map((line) => line['message']),
      ['traces cannot be sent'],
    );
  });

  it('ends in a bounded time although the collector never answers', async () => {
    const silent = createServer(() => undefined).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { tracer } = trace({ endpoint: urlOf(silent) });
    tracer.startSpan('x', { kind: 'internal' }).end();
    const before = performance.now();
    await tracer.close();
    assert.ok(performance.now() - before < 10_000);
    silent.closeAllConnections();
    silent.close();
  });

  it('is free when it is off: it hands on what it was given', async () => {
    const tracer = createTracer({ service: 'x', sampleRatio: 1 });
    assert.equal(tracer.enabled, false);
    const span = tracer.startSpan('x', { kind: 'server', traceparent: notSampled });
    span.setAttribute('a', 1);
    span.setError('x');
    span.end();
    assert.equal(span.traceparent, notSampled);
    assert.equal(tracer.startSpan('x', { kind: 'server' }).traceparent, undefined);
    await tracer.close();
  });

  it('gets a span of each call from the observer of calls', async () => {
    const { tracer } = trace();
    const observer = createCallObserver(
      createMetrics({ service: 'x' }),
      recordingLogger('info').logger,
      tracer,
    );
    const call = observer.started({
      method: 'holdfast.object.v1.ObjectService/HeadObject',
      kind: 'unary',
      requestId: 'r-18',
      peer: '127.0.0.1:1',
      traceparent: sampled,
    });
    assert.ok(
      String(call.traceparent).startsWith(`00-${traceId}-`) && call.traceparent !== sampled,
    );
    call.ended(14, Object.assign(new Error('x'), { reason: 'SHUTTING_DOWN' }));
    await tracer.close();
    for (const text of ['HeadObject', 'r-18', 'SHUTTING_DOWN', 'UNAVAILABLE']) {
      assert.ok(collector.all().includes(text), text);
    }
  });
});

async function startCollector(): Promise<Collector> {
  const requests: Collector['requests'] = [];
  let status = 200;
  const server = createServer((request, response) => {
    void buffer(request).then((body) => {
      requests.push({ request, body });
      response.writeHead(status, { 'content-type': 'application/x-protobuf' }).end();
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    endpoint: urlOf(server),
    requests,
    all: () => Buffer.concat(requests.map(({ body }) => body)),
    answerWith: (next) => {
      status = next;
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function urlOf(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
