import { noFindings, type SweepKind } from '@holdfast/domain';
import {
  inspectRedis,
  openSweepQueue,
  queueNames,
  redisAclRules,
  type RedisOptions,
} from '@holdfast/queue-bullmq';
import { systemClock } from '@holdfast/service-kit';
import assert from 'node:assert/strict';
import { waitUntil } from '../support/cluster-wait.js';
import { startRedisCluster } from '../support/redis-cluster.js';
import { createClosers } from '../support/redis-closers.js';
import { openProducer, openSweeps, recordReport } from '../support/redis-queue.js';
import { startRedisWithSentinel } from '../support/redis-sentinel.js';
import {
  createRunFixtures,
  endedReport,
  startSweeps,
  untilStopped,
} from '../support/redis-sweeps.js';
import { createJobFixtures } from '../support/redis-work.js';
import { requireRedis, startRedis } from '../support/redis.js';

const prefix = '{holdfast}';
const leaseMs = 60_000;
const makeRun = createRunFixtures();
const closers = createClosers();

describe('Kinds of Redis for sweeps', () => {
  before(function () {
    requireRedis(this);
  });

  afterEach(() => closers.closeAll());

  it('need no more rights for it than a sweeper asks for', async () => {
    const server = closers.add(
      await startRedis({ users: [`sweeper on >3 ${redisAclRules('sweeper', prefix)}`] }),
    );
    const redis = { url: server.urlOf('sweeper', '3'), prefix };
    await everythingWorks(redis);
    await inspectRedis(redis);
    const refused = (await server.send('ACL', 'LOG')) as string[][];
    // What persistence is set to may stay a secret.
    const other = refused.filter((entry) => !entry.includes('config|get'));
    assert.deepEqual(other, []);
  });

  it('may be a cluster', async () => {
    const cluster = closers.add(await startRedisCluster());
    await everythingWorks({ url: cluster.url, prefix });
  });

  it('are no cluster for keys that it would spread', () => {
    const redis = { url: 'redis+cluster://127.0.0.1:1', prefix: 'holdfast' };
    const options = { claimMs: 1_000, completedMax: 1, failedMax: 1 };
    const dependencies = { clock: systemClock, report: recordReport() };
    assert.throws(() => openSweepQueue(redis, options, dependencies), /hash tag/);
  });

  it('are followed by Sentinel to another primary, with what sweeps have come to', async () => {
    const sentinel = closers.add(await startRedisWithSentinel());
    const sweeps = closers.add(await openSweeps({ url: sentinel.url, prefix }));
    const run = makeRun();
    const begun = await sweeps.ledger.begin(run, leaseMs);
    assert.ok(begun.kind === 'begun');
    const report = endedReport(run, { cursor: 'page 2', truncated: true });
    await sweeps.ledger.end(begun.lease, report);
    await sweeps.schedule('expire-objects', leaseMs);
    await waitUntil(
      'the replica has it all',
      () => sentinel.replica.send('ZCARD', `${prefix}:${queueNames.sweep}:repeat`),
      (count) => count === 1,
    );
    await sentinel.primary.kill();
    const next = await waitUntil(
      'the new primary lets a run begin',
      () => sweeps.ledger.begin(makeRun(), leaseMs),
      ({ kind }) => kind === 'begun',
    );
    assert.ok(next.kind === 'begun');
    assert.equal(next.cursor, 'page 2');
    const work = closers.add(startSweeps(sweeps));
    await waitUntil('the scheduled one is run', () => work.kinds.length, Boolean);
  });
});

/** All that a sweeper ever asks Redis. */
async function everythingWorks(redis: RedisOptions): Promise<void> {
  const report = recordReport();
  const open = async () => closers.add(await openSweeps(redis, { claimMs: 400 }, report));
  const [sweeps, others] = [await open(), await open()];
  const producer = closers.add(await openProducer(redis, {}, report));
  const job = createJobFixtures().settle();
  await producer.enqueue(job, systemClock.now());
  assert.deepEqual(await sweeps.jobs.states([job]), ['queued']);

  await ledgerWorks(sweeps.ledger);
  const unwanted = makeRun();
  await sweeps.add(unwanted);
  assert.equal(await sweeps.remove(unwanted.runId), true);
  await sweeps.add(makeRun());
  await sweeps.schedule('verify-objects', leaseMs);
  await sweeps.schedule('verify-objects', 2 * leaseMs);
  assert.equal((await sweeps.scheduled()).size, 1);
  const leaving = startSweeps(others, async (given, hands, signal) => {
    await hands.tell({ scanned: 1 });
    if (given.isScheduled) await hands.adopt(makeRun({ kind: given.kind }));
    return untilStopped(given, hands, signal);
  });
  await waitUntil(
    'both run',
    () => leaving.kinds.length,
    (count) => count === 2,
  );
  await leaving.stop();
  let failures = 0;
  const adopted: SweepKind[] = [];
  const work = closers.add(
    startSweeps(sweeps, async ({ kind, isScheduled, run }) => {
      if (isScheduled && run !== undefined) adopted.push(kind);
      failures += 1;
      if (failures === 1) throw new Error('no');
      if (failures === 2) await sweeps.addNext('verify-objects');
      if (failures === 3) return { kind: 'again' };
      return { kind: 'done', summary: {} };
    }),
  );
  await waitUntil(
    'all are run',
    () => work.kinds.length,
    (count) => count >= 4,
  );
  await work.stop();
  assert.ok(adopted.includes('verify-objects'));
  assert.deepEqual(report.lines, ['connected', 'connected', 'connected']);
}

type Ledger = Awaited<ReturnType<typeof openSweeps>>['ledger'];

async function ledgerWorks(ledger: Ledger): Promise<void> {
  const run = makeRun();
  const begun = await ledger.begin(run, leaseMs);
  assert.ok(begun.kind === 'begun');
  assert.equal((await ledger.begin(makeRun(), leaseMs)).kind, 'taken');
  const noted = { ...endedReport(run), state: 'running', findings: noFindings } as const;
  assert.equal(await ledger.note(begun.lease, { ...noted, cursor: 'c' }, leaseMs), 'go-on');
  assert.equal(await ledger.cancel(run.runId), 'running');
  assert.equal(await ledger.note(begun.lease, noted, leaseMs), 'cancelled');
  assert.equal(await ledger.running('expire-objects'), run.runId);
  assert.equal(await ledger.end(begun.lease, endedReport(run)), 'ended');
  assert.equal((await ledger.report(run.runId))?.state, 'ended');
  assert.equal((await ledger.listReports(undefined, undefined, 10)).reports.length, 1);
}
