import { status } from '@grpc/grpc-js';
import { changeIdOf, parseStoragePath, type BlobName, type EngineEvent } from '@holdfast/domain';
import { reasonError, rpcError } from '@holdfast/rpc';
import { createTracer } from '@holdfast/service-kit';
import { createCountingIds, createManualClock } from '@holdfast/testkit';
import assert from 'node:assert/strict';
import { observeOperations } from '../../../services/tiered-store/src/batch/observe-operations.js';
import { observeEngine } from '../../../services/tiered-store/src/observe-engine.js';
import { createListener, metricValue, testMetrics } from './quiet.js';

const id = parseStoragePath('photos/org.1/objects/cat');
const changeId = changeIdOf(createCountingIds(createManualClock()).revision());
const cause = new Error('no answer');

const events: readonly (readonly [EngineEvent, string, string])[] = [
  [
    { kind: 'dangling-tombstone', id, blob: `${id.path}/x` as BlobName },
    'dangling_tombstones_total',
    'error',
  ],
  [{ kind: 'damaged-object', id, cause }, 'damaged_objects_total', 'error'],
  [{ kind: 'unreadable-row', path: id.path }, 'unreadable_rows_total', 'error'],
  [{ kind: 'change-left-on-log', changeId, cause }, 'changes_left_on_log_total', 'warn'],
  [{ kind: 'expiry-not-extended', id, cause }, 'expiries_not_extended_total', 'warn'],
  [{ kind: 'deadline-not-deferred', changeId, cause }, 'deadlines_not_deferred_total', 'warn'],
  [{ kind: 'intent-left', id, cause }, 'intents_left_total', 'warn'],
];

describe('What the engine reports', () => {
  for (const [event, counter, level] of events) {
    it(`is counted from 0 on, and logged: ${event.kind}`, async () => {
      const metrics = testMetrics();
      const { logger, lines } = createListener();
      const observer = observeEngine({ metrics, logger });
      assert.equal(await metricValue(metrics, counter), 0);
      observer.report(event);
      assert.equal(await metricValue(metrics, counter), 1);
      const [line] = lines;
      assert.deepEqual([line?.level, line?.['kind']], [level, event.kind]);
    });
  }
});

describe('Changes that are left on the log', () => {
  it('do not flood the log while the queue is down, and are all counted', async () => {
    const metrics = testMetrics();
    const { logger, lines } = createListener();
    let now = 1_000;
    const observer = observeEngine({ metrics, logger, now: () => now });
    const event = { kind: 'change-left-on-log', changeId, cause } as const;
    for (let n = 0; n < 1_000; n += 1) observer.report(event);
    assert.equal(lines.length, 5);
    observer.report({ kind: 'unreadable-row', path: id.path });
    assert.equal(lines.length, 6, 'what else is reported is logged all the same');
    now += 1_000;
    observer.report(event);
    assert.deepEqual([lines.length, lines[6]?.['unsaid']], [7, 995]);
    assert.equal(await metricValue(metrics, 'changes_left_on_log_total'), 1_001);
  });
});

describe('What becomes of the operations of batches', () => {
  const tracer = createTracer(
    { service: 'test', sampleRatio: 0 },
    { logger: createListener().logger },
  );

  const wasAnswered = false;
  let named = 0;
  const names = {
    requestId: () => {
      named += 1;
      return 'mine';
    },
    traceparent: () => undefined,
  };
  beforeEach(() => void (named = 0));

  it('is counted by kind and outcome, from 0 on', async () => {
    const metrics = testMetrics();
    const observer = observeOperations({ metrics, logger: createListener().logger, tracer });
    const ok = 'batch_operations_total{kind="get",code="OK"}';
    assert.equal(await metricValue(metrics, ok), 0);
    observer.succeeded('get', undefined);
    observer.succeeded('get', undefined);
    const error = reasonError('OBJECT_NOT_FOUND', 'none');
    observer.failed({ kind: 'head', names, error, wasAnswered });
    assert.equal(await metricValue(metrics, ok), 2);
    assert.equal(await metricValue(metrics, ok), 2, 'reading changes nothing');
    assert.equal(
      await metricValue(metrics, 'batch_operations_total{kind="head",code="NOT_FOUND"}'),
      1,
    );
  });

  it('is logged where the server is at fault, with its cause, and not where the caller is', () => {
    const { logger, lines } = createListener();
    const observer = observeOperations({ metrics: testMetrics(), logger, tracer });
    const told = reasonError('OBJECT_NOT_FOUND', 'none');
    observer.failed({ kind: 'get', names, error: told, wasAnswered });
    assert.equal(lines.length, 0);
    const error = rpcError(status.INTERNAL, undefined, 'the server failed', { cause });
    observer.failed({ kind: 'get', names, error, wasAnswered });
    assert.deepEqual([lines[0]?.level, lines[0]?.['requestId']], ['warn', 'mine']);
    assert.match(JSON.stringify(lines[0]), /no answer/);
  });

  it('does not flood the log', () => {
    const { logger, lines } = createListener();
    let now = 1_000;
    const metrics = testMetrics();
    const observer = observeOperations({ metrics, logger, tracer, now: () => now });
    const error = rpcError(status.UNAVAILABLE, 'TIER_UNAVAILABLE', 'unavailable');
    const failure = { kind: 'get', names, error, wasAnswered } as const;
    for (let n = 0; n < 1_000; n += 1) observer.failed(failure);
    assert.equal(lines.length, 20);
    assert.equal(named, 20, 'who is not told of needs no name');
    now += 1_000;
    observer.failed(failure);
    assert.deepEqual([lines.length, lines[20]?.['unsaid']], [21, 980]);
  });

  it('counts no operation again that was overdue, and still logs why', async () => {
    const metrics = testMetrics();
    const { logger, lines } = createListener();
    const observer = observeOperations({ metrics, logger, tracer });
    const error = rpcError(status.INTERNAL, undefined, 'the server failed', { cause });
    observer.failed({ kind: 'get', names, error, wasAnswered: true });
    const series = 'batch_operations_total{kind="get",code="INTERNAL"}';
    assert.equal(await metricValue(metrics, series), undefined);
    assert.equal(lines.length, 1);
  });
});
