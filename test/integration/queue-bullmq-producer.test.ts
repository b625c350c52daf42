import { hasCode, later, type CleanupJob, type Timestamp } from '@holdfast/domain';
import { openCleanupProducer, producerDefaults, queueNames } from '@holdfast/queue-bullmq';
import { systemClock } from '@holdfast/service-kit';
import assert from 'node:assert/strict';
import { freePorts } from '../support/cluster-ports.js';
import { waitUntil } from '../support/cluster-wait.js';
import { newPrefix, openProducer, openQueues, recordReport } from '../support/redis-queue.js';
import { createJobFixtures, drained, nameOf, startWork } from '../support/redis-work.js';
import { requireRedis, startRedis, type RedisServer } from '../support/redis.js';

const make = createJobFixtures();
const settle = queueNames.settle;

describe('The producer of cleanup jobs', () => {
  let server: RedisServer;
  let prefix: string;

  before(async function () {
    requireRedis(this);
    server = await startRedis();
  });

  beforeEach(() => {
    prefix = newPrefix();
  });

  after(() => server?.remove());

  const redis = () => ({ url: server.url, prefix });

  async function waiting(): Promise<unknown> {
    return server.send('LLEN', `${prefix}:${settle}:wait`);
  }

  it('takes thousands of jobs at once, in few messages', async () => {
    const producer = await openProducer(redis());
    const jobs = Array.from({ length: 5_000 }, make.settle);
    const before = await commandsProcessed(server);
    const now = systemClock.now();
    const added = jobs.map((job) => producer.enqueue(job, now));
    assert.equal(producer.inFlight(), jobs.length);
    await Promise.all(added);
    assert.equal(await waiting(), jobs.length);
    assert.equal(producer.inFlight(), 0);
    const writes = (await commandsProcessed(server)) - before;
    assert.ok(writes < jobs.length / 10, `${writes} messages arrived`);
    await producer.close();
  });

  it('refuses more than it may have on its way, at once', async () => {
    const producer = await openProducer(redis(), { inFlightMax: 10 });
    const now = systemClock.now();
    const outcomes = await Promise.allSettled(
      Array.from({ length: 15 }, () => producer.enqueue(make.settle(), now)),
    );
    assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 10);
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') assert.ok(hasCode(outcome.reason, 'TIER_UNAVAILABLE'));
    }
    await producer.enqueue(make.settle(), now);
    assert.equal(await waiting(), 11);
    await producer.close();
  });

  it('fails while Redis was never there, and works once it is', async () => {
    const [port = 0] = await freePorts(1);
    const report = recordReport();
    const url = `redis://127.0.0.1:${port}`;
    const dependencies = { clock: systemClock, report };
    const producer = openCleanupProducer({ url, prefix }, producerDefaults, dependencies);
    for (let attempt = 0; attempt < 3; attempt += 1) await refused(producer.enqueue(...soon()));
    await waitUntil('it says so', () => report.lines.length, Boolean);
    assert.match(report.lines.join(), /^disconnected: .*ECONNREFUSED/);
    assert.equal(producer.isConnected(), false);
    const late = await startRedis({ port });
    await waitUntil('it is connected', producer.isConnected, Boolean);
    await producer.enqueue(...soon());
    await producer.close();
    await late.remove();
  });

  it('fails while Redis is dead, and finds its jobs again once it is back', async () => {
    const report = recordReport();
    const producer = await openProducer(redis(), {}, report);
    for (let count = 0; count < 10; count += 1) await producer.enqueue(...soon());
    await server.kill();
    await refused(producer.enqueue(...soon()));
    await waitUntil('it knows', producer.isConnected, (isConnected) => !isConnected);
    await refused(producer.enqueue(...soon()));
    await server.start();
    await waitUntil('it is connected', producer.isConnected, Boolean);
    await producer.enqueue(...soon());
    assert.equal(await waiting(), 11);
    const kinds = report.lines.map((line) => line.replace(/:.*/, ''));
    assert.deepEqual(kinds, ['connected', 'disconnected', 'connected']);
    await producer.close();
  });

  it('fails while Redis hangs, holds nothing back, and works once it goes on', async () => {
    const producer = await openProducer(redis(), { commandMsMax: 200 });
    server.pause();
    try {
      const hung = Array.from({ length: 100 }, () => producer.enqueue(...soon()));
      for (const enqueued of hung) await refused(enqueued);
      assert.equal(producer.inFlight(), 0);
      await waitUntil('it gives the connection up', producer.isConnected, (is) => !is);
      await refused(producer.enqueue(...soon()));
    } finally {
      server.resume();
    }
    await waitUntil('it is connected', producer.isConnected, Boolean);
    await producer.enqueue(...soon());
    await producer.close();
  });

  it('fails while Redis has no memory left', async () => {
    const producer = await openProducer(redis());
    await server.send('CONFIG', 'SET', 'maxmemory', '1');
    await refused(producer.enqueue(...soon()));
    await server.send('CONFIG', 'SET', 'maxmemory', '0');
    await producer.enqueue(...soon());
    await producer.close();
  });

  it('fails while something else has the place of its queue', async () => {
    await server.send('SET', `${prefix}:${settle}:wait`, 'of somebody else');
    const producer = await openProducer(redis());
    await refused(producer.enqueue(...soon()));
    await producer.close();
  });

  it('does not take a job for one that waits because one of its like is shown as done', async () => {
    const [producer, queues] = await Promise.all([openProducer(redis()), openQueues(redis())]);
    const job = make.settle();
    const work = startWork(queues.consumer);
    for (const count of [1, 2, 3]) {
      await producer.enqueue(job, systemClock.now());
      await waitUntil(
        'it has run',
        () => work.runs.length,
        (runs) => runs === count,
      );
      await drained(queues);
    }
    assert.equal(await server.send('ZCARD', `${prefix}:${settle}:completed`), 1);
    await work.stop();
    await queues.close();
    await producer.close();
  });

  it('counts a time long ago as now, and keeps one far away', async () => {
    const [producer, queues] = await Promise.all([openProducer(redis()), openQueues(redis())]);
    const [old, far] = [make.settle(), make.settle()];
    await producer.enqueue(old, 0 as Timestamp);
    await producer.enqueue(far, later(systemClock.now(), 100 * 365 * 86_400_000));
    const work = startWork(queues.consumer);
    const [stats] = await waitUntil('one is done', queues.stats, ([of]) => of?.waiting === 0);
    assert.equal(stats?.delayed, 1);
    await work.stop();
    assert.deepEqual(work.runs, [nameOf(old)]);
    await queues.close();
    await producer.close();
  });

  it('is closed when what was on its way has arrived, and takes nothing then', async () => {
    const producer = await openProducer(redis());
    const added = Array.from({ length: 100 }, () => producer.enqueue(...soon()));
    await producer.close();
    await Promise.all(added);
    assert.equal(await waiting(), added.length);
    await refused(producer.enqueue(...soon()));
    await producer.close();
  });

  it('is closed although Redis hangs', async () => {
    const producer = await openProducer(redis(), { commandMsMax: 200 });
    server.pause();
    try {
      const added = assert.rejects(producer.enqueue(...soon()));
      await producer.close();
      await added;
    } finally {
      server.resume();
    }
  });
});

function soon(): [CleanupJob, Timestamp] {
  return [make.settle(), systemClock.now()];
}

async function refused(enqueued: Promise<void>): Promise<void> {
  await assert.rejects(enqueued, (error) => hasCode(error, 'TIER_UNAVAILABLE'));
}

/** How often Redis had to read from a connection, which is at least once for each message. */
async function commandsProcessed(server: RedisServer): Promise<number> {
  const info = String(await server.send('INFO', 'stats'));
  return Number(/total_reads_processed:(\d+)/.exec(info)?.[1]);
}
