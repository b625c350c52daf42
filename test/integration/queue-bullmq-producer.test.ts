import { hasCode, later, type CleanupJob, type Timestamp } from '@holdfast/domain';
import { openCleanupProducer, producerDefaults, queueNames } from '@holdfast/queue-bullmq';
import { systemClock } from '@holdfast/service-kit';
import assert from 'node:assert/strict';
import { freePorts } from '../support/cluster-ports.js';
import { waitUntil } from '../support/cluster-wait.js';
import { useRedisBench } from '../support/redis-bench.js';
import { openProducer, recordReport } from '../support/redis-queue.js';
import { createJobFixtures, drained, nameOf } from '../support/redis-work.js';
import { startRedis, type RedisServer } from '../support/redis.js';

const make = createJobFixtures();
const settle = queueNames.settle;

describe('The producer of cleanup jobs', () => {
  const bench = useRedisBench();
  const { closers } = bench;

  async function waiting(): Promise<unknown> {
    return bench.server().send('LLEN', keyOf('wait'));
  }

  function keyOf(state: string): string {
    return `${bench.redis().prefix}:${settle}:${state}`;
  }

  it('takes thousands of jobs at once, in few messages', async () => {
    const producer = await bench.producer();
    const jobs = Array.from({ length: 5_000 }, make.settle);
    const before = await messagesTo(bench.server());
    const now = systemClock.now();
    const added = jobs.map((job) => producer.enqueue(job, now));
    assert.equal(producer.inFlight(), jobs.length);
    await Promise.all(added);
    assert.equal(await waiting(), jobs.length);
    assert.equal(producer.inFlight(), 0);
    const writes = (await messagesTo(bench.server())) - before;
    assert.ok(writes < jobs.length / 10, `${writes} messages arrived`);
  });

  it('refuses more than it may have on its way, at once', async () => {
    const producer = await bench.producer({ inFlightMax: 10 });
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
  });

  it('fails while Redis was never there, and works once it is', async () => {
    const [port = 0] = await freePorts(1);
    const report = recordReport();
    const { prefix } = bench.redis();
    const url = `redis://127.0.0.1:${port}`;
    const dependencies = { clock: systemClock, report };
    const producer = closers.add(
      openCleanupProducer({ url, prefix }, producerDefaults, dependencies),
    );
    for (let attempt = 0; attempt < 3; attempt += 1) await refused(producer.enqueue(...soon()));
    await waitUntil('it says so', () => report.lines.length, Boolean);
    assert.match(report.lines.join(), /^disconnected: .*ECONNREFUSED/);
    assert.equal(producer.isConnected(), false);
    closers.add(await startRedis({ port }));
    await waitUntil('it is connected', producer.isConnected, Boolean);
    await producer.enqueue(...soon());
  });

  it('fails while Redis is dead, and finds its jobs again once it is back', async () => {
    const report = recordReport();
    const producer = await bench.producer({}, report);
    for (let count = 0; count < 10; count += 1) await producer.enqueue(...soon());
    await bench.server().kill();
    await refused(producer.enqueue(...soon()));
    await waitUntil('it knows', producer.isConnected, (isConnected) => !isConnected);
    await refused(producer.enqueue(...soon()));
    await bench.server().start();
    await waitUntil('it is connected', producer.isConnected, Boolean);
    await producer.enqueue(...soon());
    assert.equal(await waiting(), 11);
    const kinds = report.lines.map((line) => line.replace(/:.*/, ''));
    assert.deepEqual(kinds, ['connected', 'disconnected', 'connected']);
    await producer.close();
    assert.equal(report.lines.length, kinds.length, 'an end on purpose is no news');
  });

  it('fails while Redis hangs, holds nothing back, and works once it goes on', async () => {
    const producer = await bench.producer({ commandMsMax: 200 });
    bench.server().pause();
    try {
      const hung = Array.from({ length: 100 }, () => producer.enqueue(...soon()));
      for (const enqueued of hung) await refused(enqueued);
      assert.equal(producer.inFlight(), 0);
      await waitUntil('it gives the connection up', producer.isConnected, (is) => !is);
      await refused(producer.enqueue(...soon()));
    } finally {
      bench.server().resume();
    }
    await waitUntil('it is connected', producer.isConnected, Boolean);
    await producer.enqueue(...soon());
  });

  it('fails while Redis has become a replica, and leaves it in peace until it has not', async () => {
    const [server, primary] = [closers.add(await startRedis()), closers.add(await startRedis())];
    const report = recordReport();
    const redis = { url: server.url, prefix: bench.redis().prefix };
    const producer = closers.add(await openProducer(redis, {}, report));
    await server.send('REPLICAOF', '127.0.0.1', String(primary.port));
    await refused(producer.enqueue(...soon()));
    await waitUntil('it has gone', producer.isConnected, (is) => !is);
    await waitUntil('it is back', producer.isConnected, Boolean);
    assert.match(report.lines.join(), /disconnected: READONLY/);
    await server.send('REPLICAOF', 'NO', 'ONE');
    await producer.enqueue(...soon());
    const kinds = report.lines.map((line) => line.replace(/:.*/, ''));
    assert.deepEqual(kinds, ['connected', 'disconnected', 'connected']);
  });

  it('holds nothing back while Redis answers too slowly', async () => {
    const { producer, proxy } = await slowProducer();
    const slow = Array.from({ length: 2_000 }, () => refused(producer.enqueue(...soon())));
    await Promise.all(slow);
    assert.equal(producer.inFlight(), 0);
    await waitUntil('it gives the connection up', producer.isConnected, (is) => !is);
    proxy.mend();
    await waitUntil('it is connected', producer.isConnected, Boolean);
    await producer.enqueue(...soon());
    // What was under way when the first answer was late may have arrived.
    assert.ok(Number(await waiting()) <= 500, `${String(await waiting())} have arrived`);
  });

  it('is closed although Redis answers too slowly', async () => {
    const { producer } = await slowProducer();
    const added = Promise.allSettled(
      Array.from({ length: 2_000 }, () => producer.enqueue(...soon())),
    );
    await producer.close();
    assert.ok((await added).every(({ status }) => status === 'rejected'));
    assert.ok(Number(await waiting()) <= 500, `${String(await waiting())} have arrived`);
  });

  async function slowProducer() {
    const proxy = await bench.proxy();
    const redis = { url: proxy.url, prefix: bench.redis().prefix };
    const producer = closers.add(await openProducer(redis, { commandMsMax: 200 }));
    await producer.enqueue(...soon());
    proxy.slowDown();
    return { producer, proxy };
  }

  it('fails while Redis has no memory left', async () => {
    const producer = await bench.producer();
    await bench.server().send('CONFIG', 'SET', 'maxmemory', '1');
    await refused(producer.enqueue(...soon()));
    await bench.server().send('CONFIG', 'SET', 'maxmemory', '0');
    await producer.enqueue(...soon());
  });

  it('fails while something else has the place of its queue', async () => {
    await bench.server().send('SET', keyOf('wait'), 'of somebody else');
    const producer = await bench.producer();
    await refused(producer.enqueue(...soon()));
  });

  it('does not take a job for one that waits because one of its like is shown as done', async () => {
    const producer = await bench.producer();
    const queues = await bench.queues();
    const job = make.settle();
    const work = bench.work(queues.consumer);
    for (const count of [1, 2, 3]) {
      await producer.enqueue(job, systemClock.now());
      await waitUntil(
        'it has run',
        () => work.runs.length,
        (runs) => runs === count,
      );
      await drained(queues);
    }
    assert.equal(await bench.server().send('ZCARD', keyOf('completed')), 1);
  });

  it('counts a time long ago as now, and keeps one far away', async () => {
    const producer = await bench.producer();
    const queues = await bench.queues();
    const [old, far] = [make.settle(), make.settle()];
    await producer.enqueue(old, 0 as Timestamp);
    await producer.enqueue(far, later(systemClock.now(), 100 * 365 * 86_400_000));
    const work = bench.work(queues.consumer);
    await waitUntil(
      'one is run',
      () => work.runs,
      (runs) => runs.length > 0,
    );
    await work.stop();
    const [stats] = await queues.stats();
    assert.deepEqual([stats?.waiting, stats?.delayed], [0, 1]);
    assert.deepEqual(work.runs, [nameOf(old)]);
  });

  it('is closed when what was on its way has arrived, and takes nothing then', async () => {
    const producer = await bench.producer();
    const added = Array.from({ length: 100 }, () => producer.enqueue(...soon()));
    await producer.close();
    await Promise.all(added);
    assert.equal(await waiting(), added.length);
    await refused(producer.enqueue(...soon()));
  });

  it('is closed although Redis hangs', async () => {
    const producer = await bench.producer({ commandMsMax: 200 });
    bench.server().pause();
    try {
      const added = assert.rejects(producer.enqueue(...soon()));
      await producer.close();
      await added;
    } finally {
      bench.server().resume();
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
async function messagesTo(server: RedisServer): Promise<number> {
  const info = String(await server.send('INFO', 'stats'));
  return Number(/total_reads_processed:(\d+)/.exec(info)?.[1]);
}
