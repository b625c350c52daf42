import { credentials, type ServiceError } from '@grpc/grpc-js';
import { maintenance, sweeper as contract } from '@holdfast/contracts';
import { fromServiceError, unary } from '@holdfast/rpc';
import { StartupError } from '@holdfast/service-kit';
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { samplesOf } from '../support/cluster-metrics.js';
import type { Settings } from '../support/cluster-service.js';
import { waitUntil } from '../support/cluster-wait.js';
import { sampleBytes } from '../support/engine/payloads.js';
import { requireRedis, startRedis, type RedisServer } from '../support/redis.js';
import { startTestServer } from './rpc-server/test-server.js';
import { startSweeperOn, useSweepers, type RunningSweeper } from './sweeper-bed.js';
import { put, startStore, uploadOf, type RunningStore } from './tiered-store-process.js';

const payloadBytes = 2_000;

/** By itself, once, and not again while a test runs. */
const expiring: Settings = {
  HOLDFAST_DUTIES__EXPIRE_OBJECTS__ENABLED: 'true',
  HOLDFAST_DUTIES__EXPIRE_OBJECTS__EVERY_MS: '1 h',
  HOLDFAST_DUTIES__EXPIRE_OBJECTS__EVERY_MS_MAX: '6 h',
};

describe('A sweeper', () => {
  let redis: RedisServer;
  let store: RunningStore;
  const start = useSweepers(() => ({ redis, store }));

  before(async function () {
    requireRedis(this);
    redis = await startRedis({ persistence: 'none' });
    store = await startStore({ HOLDFAST_ENGINE__INLINE_THRESHOLD_BYTES: '1000' });
    for (const key of ['a', 'b', 'c', 'd', 'e']) {
      await put(store.client, uploadOf(key, sampleBytes(payloadBytes, 1)));
    }
  });
  after(async () => {
    await store?.dispose();
    await redis?.remove();
  });
  beforeEach(async () => {
    if (!redis.isRunning()) await redis.start();
  });

  async function valueOf(
    sweeper: RunningSweeper,
    name: string,
    labels: Readonly<Record<string, string>>,
  ): Promise<number | undefined> {
    const samples = samplesOf(await sweeper.metrics());
    const found = samples.find((sample) => {
      const isNamed = sample.name === `holdfast_${name}`;
      return (
        isNamed && Object.entries(labels).every(([key, value]) => sample.labels[key] === value)
      );
    });
    return found?.value;
  }

  function intervalOf({ prefix }: RunningSweeper): Promise<unknown> {
    return redis.send('HGET', `${prefix}:sweep:repeat:expire-objects`, 'every');
  }

  for (const [method, kind, counts] of [
    ['RecoverChanges', 'recover-changes', {}],
    ['ReclaimOrphans', 'reclaim-orphans', { scanned: 5, live: 0, young: 5 }],
    ['ExpireObjects', 'expire-objects', { scanned: 5, live: 5 }],
    ['VerifyObjects', 'verify-objects', { scanned: 5, readBytes: 5 * payloadBytes, live: 5 }],
  ] as const) {
    it(`runs ${method}, and its metrics say what the report says`, async () => {
      const sweeper = await start();
      const report = await sweeper.sweeps.run(method);
      assert.equal(report.state, 'SWEEP_STATE_ENDED');
      const expected = { scanned: 0, readBytes: 0, live: 0, young: 0, ...counts };
      assert.equal(report.counts?.scanned ?? 0, expected.scanned);
      assert.deepEqual(
        {
          scanned: await valueOf(sweeper, 'sweep_scanned_total', { kind }),
          readBytes: await valueOf(sweeper, 'sweep_read_bytes_total', { kind }),
          live: await valueOf(sweeper, 'sweep_kept_total', { kind, reason: 'live' }),
          young: await valueOf(sweeper, 'sweep_kept_total', { kind, reason: 'young' }),
        },
        expected,
      );
      assert.equal(await valueOf(sweeper, 'sweep_runs_total', { kind, state: 'ended' }), 1);
      assert.deepEqual(
        (await sweeper.sweeps.reports()).map(({ runId }) => runId),
        [report.runId],
      );
    });
  }

  it('goes on at once where the limit of a scheduled run cut it short, and slows down at the end', async () => {
    const sweeper = await start({
      ...expiring,
      HOLDFAST_DUTIES__EXPIRE_OBJECTS__LIMIT__ENTRIES: '2',
    });
    const reports = await waitUntil(
      'three runs have come to the end',
      () => sweeper.sweeps.reports(),
      (seen) => seen.length === 3 && seen.every(({ state }) => state === 'SWEEP_STATE_ENDED'),
    );
    assert.deepEqual(
      reports.map(({ counts, truncatedDueToLimit = false }) => [
        counts?.scanned,
        truncatedDueToLimit,
      ]),
      [
        [1, false],
        [2, true],
        [2, true],
      ],
    );
    await waitUntil(
      'it comes half as often',
      () => intervalOf(sweeper),
      (ms) => ms === '7200000',
    );
  });

  it('has its schedules again as soon as a Redis is back that has forgotten them', async () => {
    const sweeper = await start(expiring);
    await waitUntil(
      'it is scheduled',
      () => intervalOf(sweeper),
      (ms) => ms !== null,
    );
    await redis.kill();
    await waitUntil('it is not ready', sweeper.readiness, (text) => text.includes('Redis'));
    await redis.start();
    await waitUntil(
      'it is scheduled again',
      () => intervalOf(sweeper),
      (ms) => ms !== null,
    );
  });

  it('tells operators that the queue is away, and is not ready, while Redis is away', async () => {
    const { sweeps, readiness, lines } = await start();
    await redis.kill();
    await waitUntil('it is not ready', readiness, (text) => text.includes('cannot be reached'));
    const limit = { entries: 1 };
    const { code, reason } = await sweeps.refusal('ExpireObjects', { limit });
    assert.deepEqual([code, reason], ['UNAVAILABLE', 'QUEUE_UNAVAILABLE']);
    const away = lines.filter(({ message }) => message.startsWith('Redis cannot be reached'));
    assert.equal(away.length, 1, 'one line, however many connections there are');
  });

  it('is ready without a store, and its runs say what is wrong', async () => {
    const sweeper = await start({}, { address: '127.0.0.1:1' });
    const limit = { entries: 1 };
    const { code, reason } = await sweeper.sweeps.refusal('ExpireObjects', { limit });
    assert.deepEqual([code, reason], ['UNAVAILABLE', 'TIER_UNAVAILABLE']);
    const [report] = await sweeper.sweeps.reports();
    assert.equal(report?.state, 'SWEEP_STATE_FAILED');
    assert.match(report.error?.message ?? '', /no tiered store can be reached/);
  });

  it('does not start on a Redis that throws keys away', async () => {
    const forgetful = await startRedis({ evictionPolicy: 'allkeys-lru' });
    try {
      await assert.rejects(
        startSweeperOn(forgetful, store),
        (error) => error instanceof StartupError && error.message.startsWith('queue.url: '),
      );
    } finally {
      await forgetful.remove();
    }
  });

  it('writes down who asked for a run', async () => {
    const { sweeps, lines } = await start();
    const { runId } = await sweeps.run('ExpireObjects', { dryRun: true });
    const audit = lines.filter((line) => line['audit'] === true);
    assert.deepEqual(
      audit.map((line) => [line['runId'], line['kind'], line['dryRun']]),
      [[runId, 'expire-objects', true]],
    );
  });

  it('ends in the middle of a step, and the next one brings the run to its end', async () => {
    let answers = false;
    const scripted = await startTestServer([
      unary(maintenance.MaintenanceServiceService.expireObjects, async (_, { signal }) => {
        if (!answers && !signal.aborted) await once(signal, 'abort');
        const counts = [{ usecase: 'photos', examined: 7n, removed: 0n, freedBytes: 0n }];
        return { counts, undecided: [], nextPageToken: '' };
      }),
    ]);
    const address = `127.0.0.1:${scripted.port}`;
    const shared = { HOLDFAST_QUEUE__PREFIX: '{restarted}' };
    const first = await start(shared, { address });
    const limit = { entries: 10n, duration: undefined, bytes: undefined };
    const client = new contract.SweeperServiceClient(first.address, credentials.createInsecure());
    const call = client.expireObjects({ limit, dryRun: false, fromStart: false });
    const failed = once(call, 'error');
    const [{ update }] = (await once(call, 'data')) as [contract.ExpireObjectsResponse];
    assert.ok(update?.$case === 'progress');
    const { runId } = update.value;
    await first.shutDown();
    const [error] = (await failed) as [ServiceError];
    assert.equal(fromServiceError(error).reason, 'SHUTTING_DOWN');
    client.close();
    answers = true;
    const second = await start(shared, { address });
    const ended = await waitUntil(
      'the run has ended',
      () => second.sweeps.report(runId),
      ({ state }) => state === 'SWEEP_STATE_ENDED',
    );
    assert.equal(ended.counts?.scanned, 7);
    await scripted.close();
  });
});
