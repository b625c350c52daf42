import { hasCode, type CleanupJob, type Timestamp } from '@holdfast/domain';
import {
  openCleanupQueues,
  queueNames,
  queuesDefaults,
  redisAclRules,
  type BullmqProducer,
  type BullmqQueues,
  type QueuesOptions,
} from '@holdfast/queue-bullmq';
import { systemClock } from '@holdfast/service-kit';
import assert from 'node:assert/strict';
import { freePorts } from '../support/cluster-ports.js';
import { waitUntil } from '../support/cluster-wait.js';
import { startRedisProxy } from '../support/redis-proxy.js';
import {
  newPrefix,
  openProducer,
  openQueues,
  recordReport,
  smallTimes,
} from '../support/redis-queue.js';
import {
  buried,
  createJobFixtures,
  drained,
  nameOf,
  startWork,
  type StartedWork,
} from '../support/redis-work.js';
import { requireRedis, startRedis, type RedisServer } from '../support/redis.js';

const make = createJobFixtures();

describe('The workers of cleanup jobs', () => {
  let server: RedisServer;
  let prefix: string;
  let producer: BullmqProducer;
  let queues: BullmqQueues;
  const closers: (() => Promise<void>)[] = [];

  before(async function () {
    requireRedis(this);
    server = await startRedis();
  });

  beforeEach(async () => {
    prefix = newPrefix();
    producer = await openProducer({ url: server.url, prefix });
    queues = await moreQueues();
  });

  afterEach(async () => {
    for (const close of closers.splice(0)) await close();
    await producer.close();
  });

  after(() => server?.remove());

  async function moreQueues(
    options: Partial<QueuesOptions> = {},
    report = recordReport(),
    url = server.url,
  ): Promise<BullmqQueues> {
    const more = await openQueues({ url, prefix }, options, report);
    closers.unshift(() => more.close());
    return more;
  }

  function work(...args: Parameters<typeof startWork>): StartedWork {
    const started = startWork(...args);
    closers.unshift(() => started.stop());
    return started;
  }

  async function enqueue(jobs: readonly CleanupJob[]): Promise<void> {
    const now = systemClock.now();
    await Promise.all(jobs.map((job) => producer.enqueue(job, now)));
  }

  it('work ten thousand jobs off, each once', async () => {
    const jobs = Array.from({ length: 10_000 }, make.settle);
    await enqueue(jobs);
    const works = [queues, await moreQueues()].map(({ consumer }) =>
      work(consumer, undefined, { concurrency: 50 }),
    );
    await drained(queues);
    const runs = works.flatMap((started) => started.runs);
    assert.deepEqual(runs.toSorted(), jobs.map(nameOf).toSorted());
  });

  it('go on by themselves when Redis was killed, and run again what was not written down', async () => {
    const jobs = Array.from({ length: 500 }, make.settle);
    await enqueue(jobs);
    let runs = 0;
    let killed: Promise<void> | undefined;
    const { consumer } = queues;
    const started = work(consumer, async () => {
      runs += 1;
      if (runs === 100) killed = server.kill();
      await killed;
      return undefined;
    });
    await waitUntil('Redis is dead', server.isRunning, (isRunning) => !isRunning);
    await server.start();
    await drained(queues);
    assert.deepEqual(new Set(started.runs), new Set(jobs.map(nameOf)));
    await buried(queues, 0);
    const late = make.reclaim();
    await waitUntil('a job is taken', () => enqueue([late]).then(() => true), Boolean);
    await waitUntil('it is run', () => started.runs.includes(nameOf(late)), Boolean);
  });

  it('go on by themselves when Redis has forgotten everything', async () => {
    const report = recordReport();
    const jobs = Array.from({ length: 20 }, make.settle);
    await enqueue(jobs);
    let isHeld = true;
    const { consumer } = await moreQueues({}, report);
    const started = work(consumer, async () => {
      await waitUntil(
        'it may end',
        () => isHeld,
        (held) => !held,
      );
      return undefined;
    });
    await waitUntil('they run', () => started.runs.length, Boolean);
    await server.flush();
    isHeld = false;
    const later = make.settle();
    await enqueue([later]);
    await waitUntil('a new one is run', () => started.runs.includes(nameOf(later)), Boolean);
    await drained(queues);
    await buried(queues, 0);
  });

  it('tell a handler when somebody else may have taken its job over', async () => {
    await enqueue([make.settle()]);
    const signals: AbortSignal[] = [];
    work(queues.consumer, async (_, signal) => {
      signals.push(signal);
      await waitUntil('it is told', () => signal.aborted, Boolean);
      return undefined;
    });
    await waitUntil('it runs', () => signals.length, Boolean);
    assert.equal(signals[0]?.aborted, false);
    await server.flush();
    await waitUntil('it is told', () => signals[0]?.aborted, Boolean);
  });

  it('do not hear one that comes back after its job was taken over', async () => {
    const proxy = await startRedisProxy(server.port);
    closers.unshift(() => proxy.close());
    const gone = await moreQueues({}, recordReport(), proxy.url);
    const [job] = [make.settle()];
    await enqueue([job]);
    const ends: (() => void)[] = [];
    const first = work(gone.consumer, () => {
      return new Promise((resolve) => ends.push(() => resolve(undefined)));
    });
    await waitUntil('it runs', () => first.runs.length, Boolean);
    proxy.cut();
    const second = work(queues.consumer, () => {
      return new Promise((resolve) => ends.push(() => resolve(undefined)));
    });
    await waitUntil('another has it', () => second.runs.length, Boolean);
    proxy.mend();
    await waitUntil('the first is back', gone.isConnected, Boolean);
    ends[0]?.();
    await first.stop();
    const [stats] = await queues.stats();
    assert.deepEqual([stats?.active, stats?.waiting, stats?.deadLetters], [1, 0, 0]);
    ends[1]?.();
    await drained(queues);
    await buried(queues, 0);
  });

  it('do not blame a job for the workers that died with it', async () => {
    const job = make.settle();
    await enqueue([job]);
    for (let death = 0; death < 2; death += 1) {
      const proxy = await startRedisProxy(server.port);
      closers.unshift(() => proxy.close());
      const doomed = await moreQueues({ attemptsMax: 1, claimMs: 400 }, undefined, proxy.url);
      const ends: (() => void)[] = [];
      const dying = work(doomed.consumer, () => {
        return new Promise((resolve) => ends.push(() => resolve(undefined)));
      });
      await waitUntil('it runs', () => dying.runs.length, Boolean);
      proxy.cut();
      closers.unshift(async () => ends.forEach((end) => end()));
    }
    const heir = await moreQueues({ attemptsMax: 1, claimMs: 400 });
    const last = work(heir.consumer);
    await drained(queues);
    assert.deepEqual(last.runs, [nameOf(job)]);
    await buried(queues, 0);
  });

  it('start no more jobs in a second than they may, all together', async () => {
    const jobs = Array.from({ length: 30 }, make.settle);
    const limited = { jobsPerSecondMax: { settle: 10 } };
    const both = [await moreQueues(limited), await moreQueues(limited)];
    await enqueue(jobs);
    const start = performance.now();
    for (const { consumer } of both) work(consumer);
    await drained(queues);
    // Ten at once, ten a second later, ten after another second; a timer may be a little early.
    assert.ok(performance.now() - start > 1_900);
  });

  it('are paused and resumed for all, over restarts of everything', async () => {
    await queues.pause(queueNames.settle, 'the disk is replaced');
    await enqueue([make.settle(), make.reclaim()]);
    const started = work(queues.consumer);
    await waitUntil(
      'the other queue goes on',
      () => started.runs.length,
      (runs) => runs === 1,
    );
    await server.kill();
    await server.start();
    const later = await moreQueues();
    const [settle, reclaim] = await later.stats();
    assert.equal(settle?.pausedFor, 'the disk is replaced');
    assert.equal(settle.waiting, 1);
    assert.equal(reclaim?.pausedFor, undefined);
    assert.equal(started.runs.length, 1);
    await later.resume(queueNames.settle);
    await waitUntil(
      'it goes on',
      () => started.runs.length,
      (runs) => runs === 2,
    );
    const [resumed] = await later.stats();
    assert.equal(resumed?.pausedFor, undefined);
  });

  it('forget why a queue was paused when the dashboard resumes it', async () => {
    const [board] = queues.boards;
    assert.ok(board);
    await queues.pause(queueNames.settle, 'why');
    await board.resume();
    await waitUntil(
      'it is forgotten',
      () => board.getBackend().getQueueMetaField('pausedFor'),
      (reason) => reason === null,
    );
    await board.pause();
    assert.equal((await queues.stats())[0]?.pausedFor, '');
    await queues.resume(queueNames.settle);
  });

  it('end although Redis is gone, and leave the job to others', async () => {
    const job = make.settle();
    await enqueue([job]);
    const proxy = await startRedisProxy(server.port);
    closers.unshift(() => proxy.close());
    const gone = await moreQueues({}, recordReport(), proxy.url);
    const ends: (() => void)[] = [];
    const started = work(gone.consumer, () => {
      return new Promise((resolve) => ends.push(() => resolve(undefined)));
    });
    await waitUntil('it runs', () => started.runs.length, Boolean);
    proxy.cut();
    const stopped = started.stop();
    ends[0]?.();
    await stopped;
    await gone.close();
    const heir = work(queues.consumer);
    await waitUntil(
      'it runs again',
      () => heir.runs,
      (runs) => runs[0] === nameOf(job),
    );
  });

  it('begin when Redis comes up after them, and end although it never does', async () => {
    const [port = 0] = await freePorts(1);
    const report = recordReport();
    const early = openCleanupQueues(
      { url: `redis://127.0.0.1:${port}`, prefix },
      { ...queuesDefaults, ...smallTimes },
      { clock: systemClock, random: Math.random, report },
    );
    await work(early.consumer).stop();
    const started = work(early.consumer);
    await assert.rejects(early.stats(), (error) => hasCode(error, 'TIER_UNAVAILABLE'));
    const late = await startRedis({ port });
    closers.push(
      () => early.close(),
      () => late.remove(),
    );
    const own = await openProducer({ url: late.url, prefix });
    const job = make.settle();
    await own.enqueue(job, systemClock.now());
    await waitUntil(
      'it is run',
      () => started.runs,
      (runs) => runs[0] === nameOf(job),
    );
    await own.close();
    const kinds = report.lines.map((line) => line.replace(/:.*/, ''));
    assert.deepEqual(kinds, ['disconnected', 'connected']);
  });

  it('keep what they cannot read as dead letters, and show it', async () => {
    const [settle] = queues.boards;
    assert.ok(settle);
    const changeId = nameOf(make.settle());
    const unreadable = [
      { name: 'settle-change', data: { v: 2, changeId } },
      { name: 'settle-change', data: { changeId } },
      { name: 'settle-change', data: { v: 1, changeId: '../../etc' } },
      { name: 'settle-change', data: { v: 1, changeId, notBefore: 'soon' } },
      { name: 'settle-change', data: ['v', 1] },
      { name: 'settle-change', data: null },
      { name: 'reclaim-blob', data: { v: 1, blob: nameOf(make.reclaim()) } },
      { name: '__proto__', data: { v: 1 } },
    ];
    for (const { name, data } of unreadable) await settle.add(name, data);
    const corrupt = await settle.add('settle-change', {});
    const key = settle.toKey(corrupt.id ?? '');
    await server.send('HSET', key, 'data', '{not json');
    const started = work(queues.consumer);
    await buried(queues, unreadable.length + 1);
    assert.deepEqual(started.runs, []);
    const { letters } = await queues.consumer.listDeadLetters(undefined, 100);
    assert.equal(letters.length, unreadable.length + 1);
    for (const letter of letters) {
      assert.equal(letter.reason, 'UNKNOWN_JOB');
      assert.equal(letter.job, undefined);
      assert.equal(letter.attempts, 1);
    }
    assert.equal(await server.send('HGET', key, 'data'), '{not json');
    for (const { id } of letters) {
      assert.equal(await queues.consumer.retryDeadLetter(id, 0 as Timestamp), 'retried');
    }
    await buried(queues, letters.length);
    for (const { id } of letters) {
      assert.equal(await queues.consumer.discardDeadLetter(id), 'discarded');
    }
    await buried(queues, 0);
    const good = make.settle();
    await enqueue([good]);
    await waitUntil(
      'they go on',
      () => started.runs,
      (runs) => runs[0] === nameOf(good),
    );
  });

  it('ask a Redis that refuses them now and then, and say it once', async () => {
    const rules = redisAclRules('worker', prefix);
    const strict = await startRedis({ users: [`worker on >2 ${rules}`] });
    closers.push(() => strict.remove());
    const report = recordReport();
    const url = strict.urlOf('worker', '2');
    const refused = await moreQueues({}, report, url);
    const own = await openProducer({ url: strict.url, prefix });
    closers.push(() => own.close());
    await strict.send('ACL', 'SETUSER', 'worker', '-rpoplpush');
    const started = work(refused.consumer);
    await own.enqueue(make.settle(), systemClock.now());
    const isFailure = (line: string): boolean => line.startsWith('failed');
    await waitUntil('it says so', () => report.lines.filter(isFailure).length, Boolean);
    const asked = Number(/calls=(\d+).*\n/.exec(await callsOf(strict, 'evalsha'))?.[1] ?? 0);
    assert.ok(asked < 100, `it asked ${asked} times`);
    await strict.send('ACL', 'SETUSER', 'worker', '+rpoplpush');
    await waitUntil('it is run', () => started.runs.length, Boolean);
    assert.ok(report.lines.filter(isFailure).length <= 3, report.lines.join('\n'));
  });
});

async function callsOf(server: RedisServer, command: string): Promise<string> {
  const info = String(await server.send('INFO', 'commandstats'));
  return info.split('\r\n').find((line) => line.startsWith(`cmdstat_${command}:`)) ?? '';
}
