import { hasCode } from '@holdfast/domain';
import {
  openCleanupQueues,
  queueNames,
  queuesDefaults,
  redisAclRules,
} from '@holdfast/queue-bullmq';
import { systemClock } from '@holdfast/service-kit';
import assert from 'node:assert/strict';
import { freePorts } from '../support/cluster-ports.js';
import { waitUntil } from '../support/cluster-wait.js';
import { enqueueAll, useRedisBench } from '../support/redis-bench.js';
import { openProducer, openQueues, recordReport, smallTimes } from '../support/redis-queue.js';
import { buried, createJobFixtures, drained, nameOf } from '../support/redis-work.js';
import { startRedis, type RedisServer } from '../support/redis.js';

const make = createJobFixtures();

describe('Workers that lose Redis', () => {
  const bench = useRedisBench();

  it('go on by themselves when it was killed, and run again what was not noted', async () => {
    const producer = await bench.producer();
    const queues = await bench.queues();
    const jobs = Array.from({ length: 500 }, make.settle);
    await enqueueAll(producer, jobs);
    let runs = 0;
    let killed: Promise<void> | undefined;
    const started = bench.work(queues.consumer, async () => {
      runs += 1;
      if (runs === 100) killed = bench.server().kill();
      await killed;
      return undefined;
    });
    await waitUntil('it is dead', bench.server().isRunning, (isRunning) => !isRunning);
    await bench.server().start();
    await drained(queues);
    assert.deepEqual(new Set(started.runs), new Set(jobs.map(nameOf)));
    await buried(queues, 0);
    const late = make.reclaim();
    await waitUntil('a job is taken', () => enqueueAll(producer, [late]).then(() => true), Boolean);
    await waitUntil('it is run', () => started.runs.includes(nameOf(late)), Boolean);
  });

  it('go on by themselves when it has forgotten everything', async () => {
    const producer = await bench.producer();
    const queues = await bench.queues();
    await enqueueAll(producer, Array.from({ length: 20 }, make.settle));
    const held = bench.hold(queues);
    await waitUntil('they run', held.begun, Boolean);
    await bench.server().flush();
    held.endAll();
    const job = make.settle();
    await enqueueAll(producer, [job]);
    await waitUntil('a new one is run', () => held.runs.includes(nameOf(job)), Boolean);
    await drained(queues);
    await buried(queues, 0);
  });

  it('tell a handler when somebody else may have taken its job over', async () => {
    const producer = await bench.producer();
    await enqueueAll(producer, [make.settle()]);
    const held = bench.hold(await bench.queues());
    await waitUntil('it runs', held.begun, Boolean);
    assert.equal(held.isAborted(0), false);
    await bench.server().flush();
    await waitUntil('it is told', () => held.isAborted(0), Boolean);
  });

  it('are not heard when they come back after their job was taken over', async () => {
    const producer = await bench.producer();
    const queues = await bench.queues();
    await enqueueAll(producer, [make.settle()]);
    const proxy = await bench.proxy();
    const away = await bench.queues({}, undefined, proxy.url);
    const first = bench.hold(away);
    await waitUntil('it runs', first.begun, Boolean);
    proxy.cut();
    const second = bench.hold(queues);
    await waitUntil('another has it', second.begun, Boolean);
    proxy.mend();
    await waitUntil('the first is back', away.isConnected, Boolean);
    first.endAll();
    await first.stop();
    const [stats] = await queues.stats();
    assert.deepEqual([stats?.active, stats?.waiting, stats?.deadLetters], [1, 0, 0]);
    second.endAll();
    await drained(queues);
    await buried(queues, 0);
  });

  it('do not blame a job for the workers that died with it', async () => {
    const producer = await bench.producer();
    const queues = await bench.queues({ attemptsMax: 1, claimMs: 400 });
    const job = make.settle();
    await enqueueAll(producer, [job]);
    for (let death = 0; death < 3; death += 1) {
      const proxy = await bench.proxy();
      const doomed = await bench.queues({ attemptsMax: 1, claimMs: 400 }, undefined, proxy.url);
      const dying = bench.hold(doomed);
      await waitUntil('it runs', dying.begun, Boolean);
      proxy.cut();
    }
    const heir = bench.work(queues.consumer);
    await drained(queues);
    assert.deepEqual(heir.runs, [nameOf(job)]);
    await buried(queues, 0);
  });

  it('make a dead letter of a job whose claims lapse again and again', async () => {
    const producer = await bench.producer();
    const queues = await bench.queues({ claimMs: 400 });
    const job = make.settle();
    await enqueueAll(producer, [job]);
    const proxy = await bench.proxy();
    const doomed = await bench.queues({ claimMs: 400 }, undefined, proxy.url);
    const dying = bench.hold(doomed);
    await waitUntil('it runs', dying.begun, Boolean);
    const { prefix } = bench.redis();
    const key = `${prefix}:${queueNames.settle}:change-${nameOf(job)}`;
    await bench.server().send('HSET', key, 'stc', '1000');
    proxy.cut();
    const heir = bench.work(queues.consumer);
    await buried(queues, 1);
    assert.deepEqual(heir.runs, []);
    const { letters } = await queues.consumer.listDeadLetters(undefined, 1);
    assert.equal(letters[0]?.reason, 'CLAIM_LAPSED');
    assert.match(letters[0].lastError, /^its claim has lapsed/);
    await queues.consumer.retryDeadLetter(letters[0].id);
    await drained(queues);
    assert.deepEqual(heir.runs, [nameOf(job)]);
  });

  it('work jobs off although it has no memory left', async () => {
    const queues = await bench.queues();
    const jobs = Array.from({ length: 100 }, make.settle);
    await enqueueAll(await bench.producer(), jobs);
    await bench.server().send('CONFIG', 'SET', 'maxmemory', '1');
    try {
      const started = bench.work(queues.consumer);
      await drained(queues);
      assert.deepEqual(started.runs.toSorted(), jobs.map(nameOf).toSorted());
    } finally {
      await bench.server().send('CONFIG', 'SET', 'maxmemory', '0');
    }
  });

  it('begin when it comes up after them, and end although it never does', async () => {
    const [port = 0] = await freePorts(1);
    const { closers } = bench;
    const { prefix } = bench.redis();
    const report = recordReport();
    const early = closers.add(
      openCleanupQueues(
        { url: `redis://127.0.0.1:${port}`, prefix },
        { ...queuesDefaults, ...smallTimes },
        { clock: systemClock, random: Math.random, report },
      ),
    );
    await bench.work(early.consumer).stop();
    const started = bench.work(early.consumer);
    await assert.rejects(early.stats(), (error) => hasCode(error, 'TIER_UNAVAILABLE'));
    const { url } = closers.add(await startRedis({ port }));
    const producer = closers.add(await openProducer({ url, prefix }));
    const job = make.settle();
    await enqueueAll(producer, [job]);
    await waitUntil('it is run', () => started.runs.length, Boolean);
    const kinds = report.lines.map((line) => line.replace(/:.*/, ''));
    assert.deepEqual(kinds, ['disconnected', 'connected']);
  });

  it('ask one that refuses them now and then, and say it once', async () => {
    const { closers } = bench;
    const { prefix } = bench.redis();
    const user = `worker on >2 ${redisAclRules('worker', prefix)}`;
    const strict = closers.add(await startRedis({ users: [user] }));
    const report = recordReport();
    const redis = { url: strict.urlOf('worker', '2'), prefix };
    const queues = closers.add(await openQueues(redis, {}, report));
    const producer = closers.add(await openProducer({ url: strict.url, prefix }));
    await strict.send('ACL', 'SETUSER', 'worker', '-rpoplpush');
    const start = performance.now();
    const started = bench.work(queues.consumer);
    await enqueueAll(producer, [make.settle()]);
    await waitUntil(
      'it was refused',
      () => refusals(strict),
      (count) => count >= 5,
    );
    // Both queues ask once a second; the first time at once.
    assert.ok(performance.now() - start > 1_500);
    await strict.send('ACL', 'SETUSER', 'worker', '+rpoplpush');
    await waitUntil('it is run', () => started.runs.length, Boolean);
    assert.ok(report.lines.length <= 4, report.lines.join('\n'));
    assert.match(report.lines.join('\n'), /failed: a worker of the queue/);
  });
});

async function refusals(server: RedisServer): Promise<number> {
  const stats = String(await server.send('INFO', 'commandstats'));
  return Number(/cmdstat_rpoplpush:.*rejected_calls=(\d+)/.exec(stats)?.[1] ?? 0);
}
