import {
  createCallObserver,
  createMetrics,
  createTracer,
  type ObservedCall,
} from '@holdfast/service-kit';
import assert from 'node:assert/strict';
import { recordingLogger } from './recording-logger.js';

const get: ObservedCall = {
  method: 'holdfast.object.v1.ObjectService/GetObject',
  kind: 'download',
  requestId: 'r-1',
  peer: '127.0.0.1:5',
  traceparent: undefined,
};
const codes = { ok: 0, cancelled: 1, notFound: 5, exhausted: 8, internal: 13, unavailable: 14 };

describe('the observer of calls', () => {
  it('counts calls by method and code, measures them, and tells how many run', async () => {
    const { observer, told } = observe();
    const [first, second] = [observer.started(get), observer.started(get)];
    observer.started(get).ended(codes.ok, undefined);
    first.ended(codes.notFound, new Error('no such object'));
    const method = `method="${get.method}"`;
    const text = await told();
    assert.ok(
      text.includes(`holdfast_rpc_calls_total{${method},code="OK",service="test"} 1\n`),
      text,
    );
    assert.ok(
      text.includes(`holdfast_rpc_calls_total{${method},code="NOT_FOUND",service="test"} 1\n`),
    );
    assert.ok(text.includes(`holdfast_rpc_calls_in_flight{${method},service="test"} 1\n`));
    assert.ok(text.includes(`holdfast_rpc_call_seconds_count{service="test",${method}} 2\n`));
    assert.match(text, /^# HELP holdfast_rpc_call_seconds \w/m);
    second.ended(codes.ok, undefined);
    assert.ok(
      (await told()).includes(`holdfast_rpc_calls_in_flight{${method},service="test"} 0\n`),
    );
  });

  it('does not measure conversations, which last as long as they are kept up', async () => {
    const { observer, told } = observe();
    observer.started({ ...get, kind: 'bidi' }).ended(codes.ok, undefined);
    const text = await told();
    assert.doesNotMatch(text, /rpc_call_seconds_count\{[^}]*\} 1/);
    assert.match(text, /rpc_calls_total\{[^}]*code="OK"[^}]*\} 1/);
  });

  it('stays bounded when callers make up methods', async () => {
    const { observer, told } = observe();
    for (let count = 0; count < 1_000; count += 1) {
      observer.started({ ...get, method: `made/Up${count}` }).ended(12, undefined);
    }
    const text = await told();
    const series = text.match(/^holdfast_rpc_calls_total\{.*$/gm) ?? [];
    assert.equal(series.length, 201);
    assert.ok(
      text.includes(
        'holdfast_rpc_calls_total{method="other",code="UNIMPLEMENTED",service="test"} 800\n',
      ),
    );
  });

  it('counts a code that does not exist as UNKNOWN', async () => {
    const { observer, told } = observe();
    observer.started(get).ended(4_711, undefined);
    assert.match(await told(), /code="UNKNOWN"[^}]*\} 1/);
  });

  it('counts what was refused before it was a call', async () => {
    const { observer, told } = observe();
    observer.refused('too many connections');
    assert.match(await told(), /rpc_refused_total\{why="too many connections",service="test"\} 1/);
  });

  it('warns of a fault of its own, with its cause', () => {
    const { observer, lines } = observe();
    const cause = new Error('index damaged');
    const error = Object.assign(new Error('internal error', { cause }), { reason: 'BROKEN' });
    observer.started(get).ended(codes.internal, error);
    const [line, ...more] = lines();
    assert.equal(more.length, 0);
    assert.deepEqual(
      ['level', 'method', 'requestId', 'peer', 'code', 'reason'].map((name) => line?.[name]),
      ['warn', get.method, 'r-1', '127.0.0.1:5', 'INTERNAL', 'BROKEN'],
    );
    assert.equal(
      (line?.['cause'] as { readonly message?: unknown } | undefined)?.message,
      'index damaged',
    );
  });

  it('says nothing about what went well or what a caller got wrong, unless asked for all', () => {
    const run = (level: 'info' | 'debug') => {
      const { observer, lines } = observe(level);
      for (const code of [codes.ok, codes.cancelled, codes.notFound, codes.exhausted]) {
        observer.started(get).ended(code, code === codes.ok ? undefined : new Error('x'));
      }
      return lines().map((line) => [line['level'], line['code']]);
    };
    assert.deepEqual(run('info'), []);
    assert.deepEqual(run('debug'), [
      ['debug', 'OK'],
      ['debug', 'CANCELLED'],
      ['debug', 'NOT_FOUND'],
      ['debug', 'RESOURCE_EXHAUSTED'],
    ]);
  });

  it('does not drown the log in faults', () => {
    const { observer, lines } = observe('info');
    for (let count = 0; count < 10_000; count += 1) {
      observer.started(get).ended(codes.unavailable, new Error('no store'));
    }
    // At most two of its seconds pass on the way, or ten on a slow machine.
    assert.ok(lines().length >= 20 && lines().length <= 200, `${lines().length} lines`);
  });

  it('hands on the trace of its caller when it traces nothing itself', () => {
    const { observer } = observe();
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    assert.equal(observer.started({ ...get, traceparent }).traceparent, traceparent);
  });

  it('costs little when a call ends well', () => {
    const { observer } = observe('info');
    const rounds = 200_000;
    for (let count = 0; count < 20_000; count += 1)
      observer.started(get).ended(codes.ok, undefined);
    const before = performance.now();
    for (let count = 0; count < rounds; count += 1)
      observer.started(get).ended(codes.ok, undefined);
    const microseconds = ((performance.now() - before) * 1000) / rounds;
    // It takes 1 to 2 us here: the bound notices what is an order of magnitude worse.
    assert.ok(microseconds < 20, `${microseconds} us`);
  });
});

function observe(level: 'info' | 'debug' = 'info') {
  const metrics = createMetrics({ service: 'test' });
  const { logger, lines } = recordingLogger(level);
  const tracer = createTracer({ service: 'test', sampleRatio: 1 });
  const observer = createCallObserver(metrics, logger, tracer);
  return { observer, lines, told: () => metrics.text() };
}
