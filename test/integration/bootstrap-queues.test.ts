import { sweepKinds } from '@holdfast/domain';
import { queueNames, redisAclRules } from '@holdfast/queue-bullmq';
import {
  bootstrapAll,
  tellEntry,
  type BootstrapPlan,
  type BootstrapReport,
} from '@holdfast/storage';
import assert from 'node:assert/strict';
import { freePorts } from '../support/cluster-ports.js';
import { enqueueAll, useRedisBench } from '../support/redis-bench.js';
import { startRedisCluster } from '../support/redis-cluster.js';
import { newPrefix } from '../support/redis-queue.js';
import { lookAtSweeps } from '../support/redis-sweeps.js';
import { createJobFixtures, drained, nameOf } from '../support/redis-work.js';
import { startRedis, type RedisServer, type RedisServerOptions } from '../support/redis.js';

const making = { checkOnly: false };
const checking = { checkOnly: true };
const atOnceMax = 1_000;
const queues = Object.values(queueNames).map((name) => `queue ${name}`);
const schedules = sweepKinds.map((kind) => `schedule of ${kind}`);

function planOf(url: string, prefix = newPrefix(), jobsAtOnceMax = atOnceMax): BootstrapPlan {
  return {
    storage: { highVolume: { kind: 'memory' }, longTerm: { kind: 'none' } },
    redis: { url, prefix },
    jobsAtOnceMax,
  };
}

function linesOf({ entries }: BootstrapReport): readonly string[] {
  return entries.map(tellEntry);
}

describe('The bootstrap of the queues', () => {
  const bench = useRedisBench();
  const start = async (options: RedisServerOptions): Promise<RedisServer> => {
    const server = await startRedis(options);
    bench.closers.onClose(server.remove);
    return server;
  };
  const plan = (jobsAtOnceMax?: number): BootstrapPlan =>
    planOf(bench.redis().url, bench.redis().prefix, jobsAtOnceMax);

  /** All that Redis holds of these queues. */
  async function contents(): Promise<readonly unknown[]> {
    const keys = (await bench.server().send('KEYS', `${bench.redis().prefix}:*`)) as string[];
    return Promise.all(
      keys.toSorted().map(async (key) => [key, await bench.server().send('DUMP', key)]),
    );
  }

  it('makes queues with their bounds, and a schedule for each kind of sweep', async () => {
    const report = await bootstrapAll(plan(), making);
    const made = [...queues, ...schedules].map((name) => `${name}: made`);
    assert.deepEqual(linesOf(report), ['Redis policy: exists', ...made]);
    assert.equal(report.isSound, true);
    for (const name of Object.values(queueNames)) {
      const meta = `${bench.redis().prefix}:${name}:meta`;
      assert.equal(await bench.server().send('HGET', meta, 'concurrency'), String(atOnceMax));
      assert.equal(await bench.server().send('HGET', meta, 'opts.maxLenEvents'), '100');
    }
  });

  it('changes nothing when it runs again', async () => {
    await bootstrapAll(plan(), making);
    const before = await contents();
    const report = await bootstrapAll(plan(), making);
    assert.deepEqual(
      linesOf(report),
      ['Redis policy', ...queues, ...schedules].map((name) => `${name}: exists`),
    );
    assert.deepEqual(await contents(), before);
  });

  it('changes nothing when it only checks, and says what is missing', async () => {
    const report = await bootstrapAll(plan(), checking);
    const missing = [...queues, ...schedules].map((name) => `${name}: missing`);
    assert.deepEqual(linesOf(report), ['Redis policy: exists', ...missing]);
    assert.equal(report.isSound, false);
    assert.deepEqual(await contents(), []);
    await bootstrapAll(plan(), making);
    assert.equal((await bootstrapAll(plan(), checking)).isSound, true);
  });

  it('puts a bound right that is another one, or that a queue in use never had', async () => {
    const sweeps = await bench.sweeps();
    await sweeps.schedule('expire-objects', 60_000);
    await bench.queues();
    const mended = (found: string, atOnce: number) =>
      queues.map((name) => `${name}: mended: jobs at once: ${found} instead of ${atOnce}`);
    const first = linesOf(await bootstrapAll(plan(), making));
    assert.deepEqual(first.slice(1, 4), mended('no bound', atOnceMax));
    assert.deepEqual(linesOf(await bootstrapAll(plan(7), making)).slice(1, 4), mended('1000', 7));
  });

  it('leaves the intervals alone that sweepers have found', async () => {
    const sweeps = await bench.sweeps();
    await sweeps.schedule('expire-objects', 60_000);
    await bootstrapAll(plan(), making);
    assert.equal((await sweeps.scheduled()).get('expire-objects'), 60_000);
    assert.equal((await sweeps.scheduled()).size, sweepKinds.length);
  });

  it('is safe for many at once: each kind has one schedule, and one job', async () => {
    const reports = await Promise.all(
      Array.from({ length: 8 }, () => bootstrapAll(plan(), making)),
    );
    assert(reports.every(({ isSound }) => isSound));
    const all = ['Redis policy', ...queues, ...schedules];
    assert.deepEqual(
      linesOf(await bootstrapAll(plan(), checking)),
      all.map((name) => `${name}: exists`),
    );
    // It is BullMQ's own, and changes how many events are kept.
    const { queue } = bench.closers.add(lookAtSweeps(bench.server(), bench.redis().prefix));
    assert.equal((await queue.getJobSchedulers()).length, sweepKinds.length);
    const { delayed = 0, waiting = 0 } = await queue.getJobCounts('delayed', 'waiting');
    assert.equal(delayed + waiting, sweepKinds.length);
  });

  it('bounds what all workers together run at once, and holds up no job', async () => {
    await bootstrapAll(plan(2), making);
    const make = createJobFixtures();
    const jobs = Array.from({ length: 20 }, make.settle);
    await enqueueAll(await bench.producer(), jobs);
    const both = [await bench.queues(), await bench.queues()] as const;
    let running = 0;
    let runningMost = 0;
    const works = both.map(({ consumer }) =>
      bench.work(consumer, async () => {
        running += 1;
        runningMost = Math.max(runningMost, running);
        // Others have every chance to begin meanwhile.
        await both[0].stats();
        running -= 1;
      }),
    );
    await drained(both[0]);
    const runs = works.flatMap((started) => started.runs);
    assert.deepEqual(runs.toSorted(), jobs.map(nameOf).toSorted());
    assert(runningMost <= 2, `${runningMost} ran at once`);
  });

  it('sets what Redis lets it set of its policy', async () => {
    const server = await start({ evictionPolicy: 'allkeys-lru', persistence: 'none' });
    const [checked = ''] = linesOf(await bootstrapAll(planOf(server.url), checking));
    assert.match(checked, /^Redis policy: drifted: .*allkeys-lru.*; it writes nothing to disk/);
    assert.deepEqual(await server.send('CONFIG', 'GET', 'appendonly'), ['appendonly', 'no']);
    const [mended = ''] = linesOf(await bootstrapAll(planOf(server.url), making));
    assert.match(mended, /^Redis policy: mended: .*allkeys-lru/);
    const policy = await server.send('CONFIG', 'GET', 'maxmemory-policy');
    assert.deepEqual(policy, ['maxmemory-policy', 'noeviction']);
    assert.deepEqual(await server.send('CONFIG', 'GET', 'appendonly'), ['appendonly', 'yes']);
  });

  it('sets it on every node of a cluster', async () => {
    const cluster = bench.closers.add(await startRedisCluster());
    await cluster.nodes[1]?.send('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lfu');
    const report = await bootstrapAll(planOf(cluster.url), making);
    assert.match(linesOf(report)[0] ?? '', /^Redis policy: mended: .*allkeys-lfu/);
    assert(report.isSound);
  });

  it('tells what may not be set, and goes on', async () => {
    const server = await start({
      evictionPolicy: 'allkeys-lru',
      users: ['timid on >secret ~* &* +@all -config|set'],
    });
    const report = await bootstrapAll(planOf(server.urlOf('timid', 'secret')), making);
    const [policy = '', ...others] = linesOf(report);
    assert.match(policy, /^Redis policy: drifted: .*allkeys-lru.*NOPERM/);
    assert(others.every((line) => line.endsWith(': made')));
    assert.equal(report.isSound, true);
  });

  it('needs the rights of a sweeper, and no more', async () => {
    const prefix = newPrefix();
    const server = await start({
      users: [`sweeper on >secret ${redisAclRules('sweeper', prefix)}`],
    });
    const own = planOf(server.urlOf('sweeper', 'secret'), prefix);
    const made = [...queues, ...schedules].map((name) => `${name}: made`);
    assert.deepEqual(linesOf(await bootstrapAll(own, making)), ['Redis policy: exists', ...made]);
    assert.equal((await bootstrapAll(own, checking)).isSound, true);
  });

  it('fails, and soon, where Redis cannot be reached', async () => {
    const [port = 0] = await freePorts(1);
    const report = await bootstrapAll(planOf(`redis://127.0.0.1:${port}`), making);
    assert.equal(report.isSound, false);
    assert(report.entries.every(({ outcome }) => outcome.kind === 'failed'));
    assert.equal(report.entries.length, 1 + queues.length + schedules.length);
  });
});
