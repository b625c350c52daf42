import { hasCode } from '@holdfast/domain';
import { inspectRedis, redisAclRules } from '@holdfast/queue-bullmq';
import assert from 'node:assert/strict';
import { freePorts } from '../support/cluster-ports.js';
import { createClosers } from '../support/redis-closers.js';
import { startRedisCluster } from '../support/redis-cluster.js';
import { requireRedis, startRedis, type RedisServerOptions } from '../support/redis.js';

const prefix = '{holdfast}';

describe('What is found out about Redis', () => {
  const closers = createClosers();

  before(function () {
    requireRedis(this);
  });

  afterEach(() => closers.closeAll());

  async function start(options: RedisServerOptions = {}) {
    return closers.add(await startRedis(options));
  }

  async function inspect(options: RedisServerOptions) {
    const { url } = await start(options);
    return inspectRedis({ url, prefix });
  }

  it('is nothing where all is as it should be', async () => {
    const { version, ...rest } = await inspect({});
    assert.match(version, /^\d+\.\d+\.\d+$/);
    assert.deepEqual(rest, { evictionPolicy: 'noeviction', persistence: 'aof', problems: [] });
  });

  for (const evictionPolicy of ['allkeys-lru', 'volatile-ttl', 'allkeys-random']) {
    it(`is a reason to refuse where ${evictionPolicy} may remove jobs`, async () => {
      const { problems, ...found } = await inspect({ evictionPolicy });
      assert.equal(found.evictionPolicy, evictionPolicy);
      assert.deepEqual(
        problems.map(({ severity }) => severity),
        ['refuse'],
      );
      assert.match(problems[0]?.text ?? '', new RegExp(`${evictionPolicy}.*noeviction`));
    });
  }

  for (const persistence of ['rdb', 'none'] as const) {
    it(`is a warning where its persistence is ${persistence}`, async () => {
      const found = await inspect({ persistence });
      assert.equal(found.persistence, persistence);
      const [problem, ...others] = found.problems;
      assert.deepEqual([problem?.severity, others.length], ['warn', 0]);
      assert.match(problem?.text ?? '', /appendonly yes/);
    });
  }

  it('is a warning where it has little memory', async () => {
    const { problems } = await inspect({ settings: { maxmemory: '100mb' } });
    assert.deepEqual(
      problems.map(({ severity }) => severity),
      ['warn'],
    );
    assert.match(problems[0]?.text ?? '', /maxmemory is 104857600/);
  });

  it('is a reason to refuse where it is a replica', async () => {
    const primary = await start();
    const { problems } = await inspect({ replicaOf: primary });
    assert.match(problems[0]?.text ?? '', /replica/);
  });

  it('is a warning where it does not tell', async () => {
    const { urlOf } = await start({
      persistence: 'none',
      users: ['mute on >1 ~* -@all', `worker on >2 ${redisAclRules('worker', prefix)}`],
    });
    const mute = await inspectRedis({ url: urlOf('mute', '1'), prefix });
    assert.deepEqual(
      [mute.version, mute.evictionPolicy, mute.persistence],
      ['unknown', undefined, 'unknown'],
    );
    assert.deepEqual(
      mute.problems.map(({ severity }) => severity),
      ['warn', 'warn'],
    );
    const worker = await inspectRedis({ url: urlOf('worker', '2'), prefix });
    assert.deepEqual([worker.evictionPolicy, worker.persistence], ['noeviction', 'unknown']);
  });

  it('is the worst of the nodes of a cluster', async () => {
    const cluster = closers.add(await startRedisCluster());
    const redis = { url: cluster.url, prefix };
    assert.deepEqual((await inspectRedis(redis)).problems, []);
    await cluster.nodes[1]?.send('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lfu');
    await cluster.nodes[2]?.send('CONFIG', 'SET', 'appendonly', 'no');
    const found = await inspectRedis(redis);
    assert.equal(found.evictionPolicy, 'allkeys-lfu');
    assert.deepEqual(found.problems.map(({ severity }) => severity).toSorted(), ['refuse', 'warn']);
  });

  it('is that it cannot be reached', async () => {
    const [port = 0] = await freePorts(1);
    for (const url of [
      `redis://127.0.0.1:${port}`,
      `redis+cluster://127.0.0.1:${port}`,
      `redis+sentinel://127.0.0.1:${port}/x`,
    ]) {
      await assert.rejects(inspectRedis({ url, prefix }), isUnavailable);
    }
  });

  it('is that it does not answer', async () => {
    const server = await start();
    server.pause();
    closers.onClose(server.resume);
    await assert.rejects(inspectRedis({ url: server.url, prefix }), isUnavailable);
  });

  it('is that it does not let us in, and not with which password', async () => {
    const server = await start({ users: [] });
    await assert.rejects(
      inspectRedis({ url: server.urlOf('admin', 'hunter2'), prefix }),
      (error) =>
        isUnavailable(error) && /WRONGPASS/.test(String(error)) && !/hunter2/.test(String(error)),
    );
    await assert.rejects(
      inspectRedis({ url: `redis://127.0.0.1:${server.port}`, prefix }),
      isUnavailable,
    );
  });
});

function isUnavailable(error: unknown): boolean {
  return hasCode(error, 'TIER_UNAVAILABLE');
}
