import type { ServiceError } from '@grpc/grpc-js';
import type { maintenance } from '@holdfast/contracts';
import { isBlobName, type CleanupJob } from '@holdfast/domain';
import type { QueueStats } from '@holdfast/queue-bullmq';
import assert from 'node:assert/strict';
import { metric } from '../support/cluster-metrics.js';
import { freePorts } from '../support/cluster-ports.js';
import {
  createClusterService,
  type ClusterService,
  type Settings,
} from '../support/cluster-service.js';
import { waitUntil } from '../support/cluster-wait.js';
import { requireRedis, startRedis, type RedisServer } from '../support/redis.js';
import { settleJobs, startWorkerBed, type WorkerBed } from './cleanup-worker-bed.js';

const changelog = 'changelog-cleanup';

async function changelogOf({ queues }: WorkerBed): Promise<QueueStats> {
  const stats = await queues.stats();
  return stats.find(({ name }) => name === changelog) ?? assert.fail();
}

/** Neither jobs nor changes are left, and every object has its one blob. */
async function allCleaned(bed: WorkerBed, objects: number): Promise<void> {
  await waitUntil(
    'all is cleaned',
    async () => [await bed.changes(), (await bed.blobs()).length, await changelogOf(bed)] as const,
    ([changes, blobs, { waiting, delayed, active }]) =>
      changes.length === 0 && blobs === objects && waiting + delayed + active === 0,
  );
  const letters = await bed.queues.consumer.listDeadLetters(undefined, 10);
  assert.deepEqual(letters.letters, []);
}

async function runsAt(worker: ClusterService, outcome: string): Promise<number> {
  return metric(worker, 'holdfast_cleanup_jobs_total', { queue: changelog, outcome });
}

describe('A cleanup worker as a process', () => {
  let bed: WorkerBed;

  before(function () {
    requireRedis(this);
  });
  beforeEach(async () => {
    bed = await startWorkerBed({ HOLDFAST_SHUTDOWN__DRAIN_MS: '2000' });
  });
  afterEach(() => bed.close());

  /** Puts jobs on the queue and has the worker wait for what the store answers about them. */
  async function startJobsThatHang(count: number): Promise<void> {
    const changes = await bed.replaceObjects(count);
    bed.store.signal('SIGSTOP');
    await bed.enqueue(settleJobs(changes));
    await waitUntil(
      'all jobs run',
      () => changelogOf(bed),
      ({ active }) => active === count,
    );
  }

  it('has what nothing refers to deleted, and says how much that still is', async () => {
    const changes = await bed.replaceObjects(20);
    assert.equal((await bed.blobs()).length, 40);
    const orphanBytes = (): Promise<number> =>
      metric(bed.worker, 'holdfast_orphan_bytes', { usecase: 'photos' });
    await waitUntil('it is counted', orphanBytes, (bytes) => bytes === 20 * 4_000);
    await bed.enqueue(settleJobs(changes));
    await allCleaned(bed, 20);
    await waitUntil('it is counted anew', orphanBytes, (bytes) => bytes === 0);
    assert.equal(await runsAt(bed.worker, 'done'), 20);
  });

  it('reclaims blobs that no change knows any more', async () => {
    const changes = await bed.replaceObjects(3);
    await discard(bed.maintainer, changes);
    const blobs = await bed.blobs();
    assert.equal(blobs.length, 6);
    const jobs = blobs
      .filter(isBlobName)
      .map((blob): CleanupJob => ({ kind: 'reclaim-blob', blob }));
    await bed.enqueue(jobs);
    await waitUntil(
      'orphans are gone, and what is needed is not',
      () => bed.blobs(),
      ({ length }) => length === 3,
    );
    await waitUntil(
      'all have been judged',
      () => metric(bed.worker, 'holdfast_cleanup_jobs_total', { queue: 'orphan-reclaim' }),
      (runs) => runs === 6,
    );
  });

  it('takes a job that comes twice, or for what is settled, as done', async () => {
    const changes = await bed.replaceObjects(2);
    await bed.enqueue([...settleJobs(changes), ...settleJobs(changes)]);
    await allCleaned(bed, 2);
    await bed.enqueue(settleJobs(changes));
    await waitUntil(
      'it has been looked at',
      () => runsAt(bed.worker, 'done'),
      (done) => done > changes.length,
    );
    await allCleaned(bed, 2);
    assert.equal(await runsAt(bed.worker, 'failed'), 0);
  });

  it('is replaced by another one when it is killed in the middle of its jobs', async () => {
    await startJobsThatHang(5);
    await bed.worker.kill();
    bed.store.signal('SIGCONT');
    await bed.secondWorker.start();
    await allCleaned(bed, 5);
    assert.equal(await runsAt(bed.secondWorker, 'done'), 5);
  });

  it('shares the work with a second one', async () => {
    await bed.secondWorker.start();
    const changes = await bed.replaceObjects(60);
    await bed.enqueue(settleJobs(changes));
    await allCleaned(bed, 60);
    const done = await Promise.all(
      [bed.worker, bed.secondWorker].map((worker) => runsAt(worker, 'done')),
    );
    assert.equal((done[0] ?? 0) + (done[1] ?? 0), 60);
  });

  it('lets what it is at end when it shuts down, and takes nothing more', async () => {
    await startJobsThatHang(5);
    const ended = bed.worker.terminate();
    await waitUntil(
      'it is not ready any more',
      async () => (await fetch(`${bed.worker.httpUrl}/readyz`)).text(),
      (text) => text.includes('shutting down'),
    );
    bed.store.signal('SIGCONT');
    assert.equal((await ended).code, 0);
    await allCleaned(bed, 5);
    await bed.enqueue(settleJobs(await bed.replaceObjects(6)));
    assert.equal((await changelogOf(bed)).active, 0);
  });

  it('gives up what does not end in its time, and another one takes it over', async () => {
    await startJobsThatHang(5);
    const { code } = await bed.worker.terminate();
    assert.equal(code, 0);
    const { active, delayed, waiting, deadLetters } = await changelogOf(bed);
    assert.deepEqual([active, delayed + waiting, deadLetters], [0, 5, 0]);
    bed.store.signal('SIGCONT');
    await bed.secondWorker.start();
    await allCleaned(bed, 5);
  });

  it('waits for the store, and does it all when that is there again', async () => {
    const changes = await bed.replaceObjects(30);
    await bed.store.kill();
    await bed.enqueue(settleJobs(changes));
    const isOpen = { state: 'open' };
    await waitUntil(
      'it has understood',
      () => metric(bed.worker, 'holdfast_cleanup_breaker_changes_total', isOpen),
      (changed) => changed >= 1,
    );
    const readiness = await fetch(`${bed.worker.httpUrl}/readyz`);
    assert.equal(readiness.status, 200);
    await bed.store.start();
    await allCleaned(bed, 30);
  });
});

function discard(
  maintainer: maintenance.MaintenanceServiceClient,
  changeIds: readonly string[],
): Promise<maintenance.DiscardChangesResponse> {
  return new Promise((resolve, reject) => {
    const request = { changeIds, reason: 'a test' };
    maintainer.discardChanges(request, (error: ServiceError | null, response) => {
      if (error === null) resolve(response);
      else reject(error);
    });
  });
}

describe('A cleanup worker and its Redis', () => {
  const forgetful = /maxmemory-policy is allkeys-lru/;
  let redis: RedisServer;
  let worker: ClusterService;

  before(function () {
    requireRedis(this);
  });
  beforeEach(async () => {
    const [port = 0, httpPort = 0] = await freePorts(2);
    redis = await startRedis();
    const settings: Settings = { HOLDFAST_QUEUE__URL: redis.url };
    worker = createClusterService({ name: 'cleanup-worker', port, httpPort, settings });
  });
  afterEach(async () => {
    if (worker.isRunning()) await worker.kill();
    await redis.remove();
  });

  const toldLines = (): readonly string[] =>
    worker.lines.filter((line) => line.startsWith('cleanup-worker: '));

  async function readiness(): Promise<string> {
    return (await fetch(`${worker.httpUrl}/readyz`)).text();
  }

  it('does not start with one that throws jobs away, and says so in one line', async () => {
    await redis.send('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru');
    const { code } = await worker.startInVain();
    assert.equal(code, 78);
    assert.equal(toldLines().length, 1, worker.lines.join('\n'));
    assert.match(toldLines()[0] ?? '', forgetful);
    assert.match(toldLines()[0] ?? '', /queue\.url/);
  });

  it('starts without it, is not ready and says why, and begins by itself when it comes', async () => {
    await redis.kill();
    const ended = worker.startInVain();
    await waitUntil('it says why', readiness, (text) => /Redis cannot be reached/.test(text));
    await redis.start();
    await waitUntil('it is ready', readiness, (text) => text.startsWith('ready'));
    worker.signal('SIGTERM');
    assert.equal((await ended).code, 0);
    // Only now has all been read that it ever said.
    const warnings = worker.lines.filter((line) => line.includes('Redis cannot be reached'));
    assert.equal(warnings.length, 1, worker.lines.join('\n'));
  });

  it('ends when one comes that throws jobs away, and says so in one line', async () => {
    await redis.remove();
    const ended = worker.startInVain();
    await waitUntil('it waits', readiness, (text) => /Redis cannot be reached/.test(text));
    redis = await startRedis({ port: redis.port, evictionPolicy: 'allkeys-lru' });
    assert.equal((await ended).code, 78);
    assert.equal(toldLines().length, 1, worker.lines.join('\n'));
    assert.match(toldLines()[0] ?? '', forgetful);
  });

  it('ends when the one that comes back throws jobs away', async () => {
    await worker.start();
    await redis.send('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru');
    await redis.send('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    await waitUntil('it has ended', worker.isRunning, (isRunning) => !isRunning);
    assert.match(toldLines()[0] ?? '', forgetful);
  });

  const wrong = [
    ['a setting is wrong', { HOLDFAST_CLEANING__CONCURRENCY: '0' }, /cleaning\.concurrency/],
    [
      'a certificate is missing',
      {
        HOLDFAST_QUEUE__URL: 'rediss://127.0.0.1:1',
        HOLDFAST_QUEUE__TLS__CA_FILE: '/none/authority.pem',
      },
      /queue: .*\/none\/authority\.pem/,
    ],
    [
      'a certificate of the way to the store is missing',
      { HOLDFAST_TIERED_STORE__TLS__CA_FILE: '/none/authority.pem' },
      /tieredStore: .*\/none\/authority\.pem/,
    ],
    [
      'others than this machine would see the dashboard',
      { HOLDFAST_HTTP__HOST: '0.0.0.0' },
      /dashboard/,
    ],
  ] as const;
  for (const [what, settings, named] of wrong) {
    it(`does not start when ${what}, and says so in one line`, async () => {
      const { code } = await worker.startInVain(settings);
      assert.equal(code, 78);
      assert.equal(toldLines().length, 1, worker.lines.join('\n'));
      assert.match(toldLines()[0] ?? '', named);
    });
  }

  it('does not start on a port that is in use, and says so in one line', async () => {
    await worker.start();
    const [httpPort = 0] = await freePorts(1);
    const [, port = ''] = worker.address.split(':');
    const settings: Settings = { HOLDFAST_QUEUE__URL: redis.url };
    const second = createClusterService({
      name: 'cleanup-worker',
      port: Number(port),
      httpPort,
      settings,
    });
    assert.equal((await second.startInVain()).code, 78);
    const told = second.lines.filter((line) => line.startsWith('cleanup-worker: '));
    assert.deepEqual(told, [`cleanup-worker: port ${port} on 127.0.0.1 is in use`]);
  });
});
