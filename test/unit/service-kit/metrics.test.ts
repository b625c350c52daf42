import { createMetrics } from '@holdfast/service-kit';
import assert from 'node:assert/strict';

describe('metrics', () => {
  it('are told in the text format of Prometheus, with prefix, help and service', async () => {
    const metrics = createMetrics({ service: 'gateway' });
    metrics.counter('retries_total', 'Calls that were repeated', ['why']).labels('refused').add();
    metrics.counter('retries_total', 'Calls that were repeated', ['why']).labels('refused').add(2);
    const text = await metrics.text();
    assert.match(text, /^# HELP holdfast_retries_total Calls that were repeated$/m);
    assert.match(text, /^# TYPE holdfast_retries_total counter$/m);
    assert.match(text, /^holdfast_retries_total\{why="refused",service="gateway"\} 3$/m);
    assert.match(metrics.contentType, /^text\/plain; version=0\.0\.4/);
  });

  it('tell about the process itself', async () => {
    const text = await createMetrics({ service: 'x' }).text();
    assert.match(text, /^process_resident_memory_bytes\{service="x"\} \d/m);
    assert.match(text, /^nodejs_eventloop_lag_seconds\{/m);
  });

  it('read a gauge when they are asked for', async () => {
    const metrics = createMetrics({ service: 'x' });
    let queued = 1;
    metrics.gauge('admission_queued', 'Operations that wait', () => queued);
    assert.match(await metrics.text(), /^holdfast_admission_queued\{service="x"\} 1$/m);
    queued = 7;
    assert.match(await metrics.text(), /^holdfast_admission_queued\{service="x"\} 7$/m);
  });

  it('are told although one of them cannot be read', async () => {
    const metrics = createMetrics({ service: 'x' });
    metrics.gauge('rows', 'Rows of a store that is closed', () => {
      throw new Error('closed');
    });
    metrics.gauge('files', 'Files', () => 3);
    const text = await metrics.text();
    assert.match(text, /^holdfast_rows\{service="x"\} nan$/im);
    assert.match(text, /^holdfast_files\{service="x"\} 3$/m);
  });

  it('set, add to and forget the series of a gauge', async () => {
    const metrics = createMetrics({ service: 'x' });
    const usage = metrics.gauge('usage_bytes', 'Stored bytes', ['usecase']);
    usage.labels('photos').set(5);
    usage.labels('photos').add(-2);
    assert.match(await metrics.text(), /^holdfast_usage_bytes\{usecase="photos",service="x"\} 3$/m);
    usage.clear();
    usage.labels('videos').set(1);
    const text = await metrics.text();
    assert.doesNotMatch(text, /photos/);
    assert.match(text, /^holdfast_usage_bytes\{usecase="videos",service="x"\} 1$/m);
  });

  it('count what was observed in the buckets of a histogram', async () => {
    const metrics = createMetrics({ service: 'x' });
    const seconds = metrics.histogram('settle_seconds', 'How long it took', ['kind'], [0.1, 1]);
    for (const value of [0.05, 0.5, 5]) seconds.labels('a').observe(value);
    const text = await metrics.text();
    const bucket = (le: string): string => `settle_seconds_bucket{le="${le}",service="x",kind="a"}`;
    for (const [le, count] of [
      ['0.1', 1],
      ['1', 2],
      ['+Inf', 3],
    ] as const) {
      assert.ok(text.includes(`${bucket(le)} ${count}\n`), le);
    }
  });

  it('stay bounded when values come from outside: those too many share one series', async () => {
    const metrics = createMetrics({ service: 'x' });
    const usage = metrics.counter('usage_total', 'Uses', ['usecase']);
    for (let count = 0; count < 5_000; count += 1) usage.labels(`usecase-${count}`).add();
    const series = (await metrics.text()).match(/^holdfast_usage_total\{.*$/gm) ?? [];
    assert.equal(series.length, 2_001);
    assert.ok(series.some((line) => line.includes('usecase="other"') && line.endsWith(' 3000')));
  });

  it('are named after the unit that they count in', () => {
    const metrics = createMetrics({ service: 'x' });
    assert.throws(() => metrics.counter('retries', 'x'), /ends in _total/);
    assert.throws(() => metrics.gauge('used_total', 'x'), /no total/);
    assert.throws(() => metrics.histogram('latency', 'x', [], [1]), /the unit/);
    assert.throws(() => metrics.counter('holdfast_retries_total', 'x'), /without prefix/);
    assert.throws(() => metrics.counter('retries_total', ''), /says what it means/);
  });

  it('are of one kind each, with a value for each label', () => {
    const metrics = createMetrics({ service: 'x' });
    const counter = metrics.counter('retries_total', 'x', ['why']);
    assert.throws(() => metrics.counter('retries_total', 'x', ['code']), /one kind/);
    assert.throws(() => counter.labels(), /a value for each label/);
  });
});
