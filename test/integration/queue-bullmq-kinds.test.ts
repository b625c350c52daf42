import { CleanupFailure, hasCode, later } from '@holdfast/domain';
import {
  inspectRedis,
  openCleanupProducer,
  openCleanupQueues,
  producerDefaults,
  queueNames,
  queuesDefaults,
  redisAclRules,
  type RedisOptions,
} from '@holdfast/queue-bullmq';
import { systemClock } from '@holdfast/service-kit';
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCertificateAuthority, writeCertificate } from '../support/certificates.js';
import { waitUntil } from '../support/cluster-wait.js';
import { startRedisCluster } from '../support/redis-cluster.js';
import { createClosers } from '../support/redis-closers.js';
import { openProducer, openQueues, recordReport } from '../support/redis-queue.js';
import { startRedisWithSentinel } from '../support/redis-sentinel.js';
import { buried, createJobFixtures, drained, nameOf, startWork } from '../support/redis-work.js';
import { requireRedis, startRedis } from '../support/redis.js';

const prefix = '{holdfast}';
const closers = createClosers();

describe('Kinds of Redis', () => {
  before(function () {
    requireRedis(this);
  });

  afterEach(() => closers.closeAll());

  it('is reached with a user, a password and a database', async () => {
    const server = closers.add(await startRedis({ users: ['us@er on >p@ss:w/rd ~* &* +@all'] }));
    const url = `${server.urlOf('us@er', 'p@ss:w/rd')}/3`;
    await everythingWorks({ url, prefix }, { url, prefix });
    assert.match(String(await server.send('INFO', 'keyspace')), /db3:/);
  });

  it('is reached over TLS with certificates of both sides', async () => {
    const { server, tls } = await startWithTls();
    await everythingWorks({ url: server.url, tls, prefix }, { url: server.url, tls, prefix });
    assert.deepEqual((await inspectRedis({ url: server.url, tls, prefix })).problems, []);
  });

  it('is not reached over TLS when its certificate is of nobody that is trusted', async () => {
    const { server, tls } = await startWithTls();
    const other = await createCertificateAuthority('another authority');
    const caFile = join(server.folder, 'other.pem');
    await writeFile(caFile, other.certificate);
    await assert.rejects(
      inspectRedis({ url: server.url, tls: { ...tls, caFile }, prefix }),
      (error) => hasCode(error, 'TIER_UNAVAILABLE') && /certificate/.test(error.message),
    );
  });

  it('needs no more rights than it asks for', async () => {
    const server = closers.add(
      await startRedis({
        users: [
          `store on >1 ${redisAclRules('producer', prefix)}`,
          `worker on >2 ${redisAclRules('worker', prefix)}`,
        ],
      }),
    );
    const store = { url: server.urlOf('store', '1'), prefix };
    const worker = { url: server.urlOf('worker', '2'), prefix };
    await everythingWorks(store, worker);
    await inspectRedis(store);
    await inspectRedis(worker);
    const refused = (await server.send('ACL', 'LOG')) as string[][];
    // What persistence is set to may stay a secret.
    const other = refused.filter((entry) => !entry.includes('config|get'));
    assert.deepEqual(other, []);
  });

  it('keeps to its own keys where others have theirs', async () => {
    const server = closers.add(
      await startRedis({ users: [`worker on >2 ${redisAclRules('worker', prefix)}`] }),
    );
    const redis = { url: server.urlOf('worker', '2'), prefix: '{other}' };
    const producer = closers.add(await openProducer(redis));
    const job = createJobFixtures().settle();
    await assert.rejects(producer.enqueue(job, systemClock.now()), (error) =>
      hasCode(error, 'TIER_UNAVAILABLE'),
    );
  });

  it('is followed by Sentinel to another primary, with its jobs', async () => {
    const sentinel = closers.add(await startRedisWithSentinel());
    const redis = { url: sentinel.url, prefix };
    const report = recordReport();
    const producer = closers.add(await openProducer(redis, {}, report));
    const queues = closers.add(await openQueues(redis));
    const make = createJobFixtures();
    const before = Array.from({ length: 20 }, make.settle);
    for (const job of before) await producer.enqueue(job, systemClock.now());
    await waitUntil(
      'the replica has all jobs',
      () => sentinel.replica.send('LLEN', `${prefix}:${queueNames.settle}:wait`),
      (length) => length === before.length,
    );
    const work = closers.add(startWork(queues.consumer));
    await sentinel.primary.kill();
    const after = make.settle();
    await waitUntil(
      'the new primary takes a job',
      () => producer.enqueue(after, systemClock.now()).then(() => true),
      Boolean,
    );
    await drained(queues);
    assert.deepEqual(new Set(work.runs), new Set([...before, after].map(nameOf)));
    assert.deepEqual(
      report.lines.map((line) => line.replace(/:.*/, '')),
      ['connected', 'disconnected', 'connected'],
    );
  });

  it('may be a cluster', async () => {
    const cluster = closers.add(await startRedisCluster());
    const redis = { url: cluster.url, prefix };
    await everythingWorks(redis, redis);
    const { problems, persistence } = await inspectRedis(redis);
    assert.deepEqual({ problems, persistence }, { problems: [], persistence: 'aof' });
  });

  it('goes on with a cluster whose node was away', async () => {
    const cluster = closers.add(await startRedisCluster());
    const redis = { url: cluster.url, prefix };
    const producer = closers.add(await openProducer(redis));
    const queues = closers.add(await openQueues(redis));
    const work = closers.add(startWork(queues.consumer));
    const make = createJobFixtures();
    const [first, second] = [make.settle(), make.settle()];
    await producer.enqueue(first, systemClock.now());
    await drained(queues);
    for (const node of cluster.nodes) await node.kill();
    await assert.rejects(producer.enqueue(second, systemClock.now()), (error) =>
      hasCode(error, 'TIER_UNAVAILABLE'),
    );
    for (const node of cluster.nodes) await node.start();
    await waitUntil(
      'the cluster takes a job again',
      () => producer.enqueue(second, systemClock.now()).then(() => true),
      Boolean,
    );
    await waitUntil('it is run', () => work.runs.includes(nameOf(second)), Boolean);
  });

  it('is no cluster for keys that it would spread', async () => {
    const redis = { url: 'redis+cluster://127.0.0.1:1', prefix: 'holdfast' };
    const dependencies = { clock: systemClock, random: Math.random, report: recordReport() };
    for (const open of [
      () => openCleanupProducer(redis, producerDefaults, dependencies),
      () => openCleanupQueues(redis, queuesDefaults, dependencies),
    ]) {
      assert.throws(open, /hash tag/);
    }
    await assert.rejects(inspectRedis(redis), /hash tag/);
  });
});

async function startWithTls() {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-tls-'));
  closers.onClose(() => rm(folder, { recursive: true }));
  const authority = await createCertificateAuthority('authority');
  const caFile = join(folder, 'authority.pem');
  await writeFile(caFile, authority.certificate);
  const own = await writeCertificate(join(folder, 'server'), await authority.server('redis'));
  const client = await writeCertificate(join(folder, 'client'), await authority.client('holdfast'));
  const server = closers.add(await startRedis({ tls: { caFile, ...own, client } }));
  return { server, tls: { caFile, ...client } };
}

/** All that is ever asked of a queue, by the store's user and by the worker's. */
async function everythingWorks(store: RedisOptions, workers: RedisOptions): Promise<void> {
  const report = recordReport();
  const producer = closers.add(await openProducer(store, {}, report));
  const jobsPerSecondMax = { settle: 1_000, reclaim: 1_000 };
  const queues = closers.add(await openQueues(workers, { jobsPerSecondMax }, report));
  const make = createJobFixtures();
  const good = [make.settle(), make.reclaim()];
  const [bad, worse, again] = [make.settle(), make.reclaim(), make.settle()];
  const fates = new Map([
    [nameOf(bad), new Error('no')],
    [nameOf(worse), new CleanupFailure('INVALID', 'no', { isFinal: true })],
  ]);
  let isAsked = false;
  const work = closers.add(
    startWork(queues.consumer, async (job) => {
      const fate = fates.get(nameOf(job));
      if (fate !== undefined) throw fate;
      if (nameOf(job) !== nameOf(again) || isAsked) return undefined;
      isAsked = true;
      return systemClock.now();
    }),
  );
  for (const job of [...good, bad, worse, again]) {
    await producer.enqueue(job, later(systemClock.now(), 50));
    await producer.enqueue(job, systemClock.now());
  }
  await buried(queues, 2);
  await drained(queues);
  const { letters } = await queues.consumer.listDeadLetters(undefined, 10);
  assert.deepEqual(
    new Set(letters.map(({ job }) => job && nameOf(job))),
    new Set([bad, worse].map(nameOf)),
  );
  fates.delete(nameOf(bad));
  for (const { id, job } of letters) {
    const isBad = job !== undefined && nameOf(job) === nameOf(bad);
    if (isBad) await queues.consumer.retryDeadLetter(id, later(systemClock.now(), 50));
    else await queues.consumer.discardDeadLetter(id);
  }
  await drained(queues);
  await buried(queues, 0);
  await queues.pause(queueNames.settle, 'why not');
  assert.equal((await queues.stats())[0]?.pausedFor, 'why not');
  await queues.resume(queueNames.settle);
  await dashboardWorks(queues.boards[0]);
  await work.stop();
  assert.deepEqual(report.lines, ['connected', 'connected']);
}

async function dashboardWorks(board: BoardQueue): Promise<void> {
  assert.ok(board);
  await board.getJobCounts();
  await board.getJobs();
  await board.getWorkers();
  await board.isPaused();
  await board.retryJobs();
  await board.promoteJobs();
  await board.clean(0, 10, 'failed');
  const job = await board.add('by-hand', {}, { delay: 60_000 });
  await job.getState();
  await job.log('a line');
  await board.getJobLogs(job.id ?? '');
  await job.remove();
}

type BoardQueue = Awaited<ReturnType<typeof openQueues>>['boards'][number] | undefined;
