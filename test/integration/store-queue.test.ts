import { isRevision, timeOfRevision } from '@holdfast/domain';
import { StartupError } from '@holdfast/service-kit';
import assert from 'node:assert/strict';
import { waitUntil } from '../support/cluster-wait.js';
import { sampleBytes } from '../support/engine/payloads.js';
import { requireRedis, startRedis, type RedisServer } from '../support/redis.js';
import {
  get,
  pendingChanges,
  put,
  remove,
  startStore,
  uploadOf,
  type RunningStore,
} from './tiered-store-process.js';

const large = sampleBytes(1_200_000);
const graceMs = 300_000;
const jobsOf = 'changelog-cleanup';
const keys = ['a', 'b', 'c', 'd'];

/** Changes are overdue at once, and looked for as often as can be set. */
const overdueSoon = {
  HOLDFAST_ENGINE__READER_GRACE_MS: '0',
  HOLDFAST_ENGINE__CHANGE_DEADLINE_MS: '1s',
  HOLDFAST_MAINTENANCE__RECOVER_EVERY_MS: '1s',
};

describe('A tiered store with a cleanup queue', () => {
  let redis: RedisServer;
  const stores: RunningStore[] = [];

  before(function () {
    requireRedis(this);
  });

  beforeEach(async () => {
    redis = await startRedis();
  });

  afterEach(async () => {
    redis.resume();
    for (const store of stores.splice(0)) await store.dispose();
    await redis.remove();
  });

  async function start(env: Readonly<Record<string, string>> = {}): Promise<RunningStore> {
    const store = await startStore({ HOLDFAST_QUEUE__URL: redis.url, ...env });
    stores.push(store);
    return store;
  }

  /** The ids of all jobs that settle a change, whatever their state. */
  async function jobIds(): Promise<string[]> {
    const found = (await redis.send('KEYS', `{holdfast}:${jobsOf}:change-*`)) as string[];
    return found.map((key) => key.replace(`{holdfast}:${jobsOf}:`, '')).toSorted(byText);
  }

  async function expectedIds(store: RunningStore): Promise<string[]> {
    const { changes } = await pendingChanges(store.maintenance);
    return changes.map(({ changeId }) => `change-${changeId}`).toSorted(byText);
  }

  /** Every change on the log has its job, and there are so many. */
  async function untilAllQueued(store: RunningStore, count: number): Promise<void> {
    const expected = await expectedIds(store);
    assert.equal(expected.length, count);
    await waitUntil('every change has its job', jobIds, (ids) => ids.join() === expected.join());
  }

  /** Overwrites some large objects and deletes others; each leaves a change. */
  async function replaceAll(store: RunningStore): Promise<void> {
    for (const [at, key] of keys.entries()) {
      if (at % 2 === 0) await put(store.client, uploadOf(key, large));
      else await remove(store.client, key);
    }
  }

  /** What is on the log is what replacements leave, and has been through the queue's hands. */
  async function untilLeft(store: RunningStore, count: number): Promise<void> {
    await waitUntil(
      'the changes are left on the log',
      () => metric(store, 'changes_left_on_log_total'),
      (left) => left >= count,
    );
  }

  async function untilConnected(store: RunningStore, connected: 0 | 1): Promise<void> {
    await waitUntil(
      connected === 1 ? 'Redis is connected' : 'Redis is missed',
      () => metric(store, 'cleanup_redis_connected'),
      (value) => value === connected,
    );
  }

  it('puts one job on it for a large overwrite, for when its readers have had their time', async () => {
    const store = await start();
    await untilConnected(store, 1);
    await put(store.client, uploadOf('a', large));
    const begun = Date.now();
    await put(store.client, uploadOf('a', large));
    const ended = Date.now();
    await waitUntil('there is a job', jobIds, ({ length }) => length > 0);
    const [id = '', ...others] = await jobIds();
    assert.deepEqual(others, []);
    assert.deepEqual([id], await expectedIds(store));
    const changeId = id.replace('change-', '');
    assert(isRevision(changeId));
    const time = timeOfRevision(changeId);
    assert(time >= begun && time <= ended, 'it is the change of the second put');

    const key = `{holdfast}:${jobsOf}:${id}`;
    const [name, data, delay, timestamp] = (await redis.send(
      'HMGET',
      key,
      'name',
      'data',
      'delay',
      'timestamp',
    )) as string[];
    assert.equal(name, 'settle-change');
    assert.deepEqual(JSON.parse(data ?? ''), { v: 1, changeId });
    const notBefore = Number(timestamp) + Number(delay);
    assert(notBefore >= begun + graceMs && notBefore <= Date.now() + graceMs, `${notBefore}`);
    const delayed = await redis.send('ZRANGE', `{holdfast}:${jobsOf}:delayed`, '0', '-1');
    assert.deepEqual(delayed, [id]);
    const counted = 'cleanup_jobs_enqueued_total{kind="settle-change",outcome="enqueued"}';
    assert.equal(await metric(store, counted), 1);
    assert.equal(await metric(store, 'changes_left_on_log_total'), 0);
    assert.deepEqual((await get(store.client, 'a')).bytes, Buffer.from(large));
  });

  it('goes on while Redis stands still, and offers again what was left', async () => {
    const store = await start(overdueSoon);
    await untilConnected(store, 1);
    for (const key of keys) await put(store.client, uploadOf(key, large));
    redis.pause();
    await replaceAll(store);
    await untilLeft(store, keys.length);
    const refused = 'cleanup_jobs_enqueued_total{kind="settle-change",outcome="refused"}';
    assert((await metric(store, refused)) >= keys.length);
    await assertReady(store);
    redis.resume();
    await untilAllQueued(store, keys.length);
  });

  it('goes on while Redis is dead, and offers again what was left and what was lost', async () => {
    const store = await start(overdueSoon);
    await untilConnected(store, 1);
    for (const key of keys) await put(store.client, uploadOf(key, large));
    await redis.kill();
    await untilConnected(store, 0);
    await replaceAll(store);
    await untilLeft(store, keys.length);
    await assertReady(store);
    await redis.start();
    await untilAllQueued(store, keys.length);
    await redis.flush();
    await untilAllQueued(store, keys.length);
    assert(store.lines.some((line) => line.includes('Redis cannot be reached')));
  });

  it('starts without Redis, is ready, and queues once there is one', async () => {
    await redis.kill();
    const store = await start(overdueSoon);
    await assertReady(store);
    for (const key of keys) await put(store.client, uploadOf(key, large));
    await replaceAll(store);
    await untilLeft(store, keys.length);
    await redis.start();
    await untilConnected(store, 1);
    await untilAllQueued(store, keys.length);
  });

  it('starts beside a Redis that stands still', async () => {
    redis.pause();
    const store = await start();
    await assertReady(store);
    await put(store.client, uploadOf('a', large));
    await remove(store.client, 'a');
    await untilLeft(store, 1);
  });

  it('does not start with a Redis that throws jobs away', async () => {
    await redis.send('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru');
    await assert.rejects(start(), (error) => {
      assert(error instanceof StartupError);
      assert.match(error.message, /^queue\.url: .*noeviction/);
      return true;
    });
  });

  it('writes an error when it finds out later that Redis throws jobs away', async () => {
    const forgetful = await startRedis({ evictionPolicy: 'allkeys-lru' });
    try {
      await forgetful.kill();
      const store = await start({ HOLDFAST_QUEUE__URL: forgetful.url });
      await forgetful.start();
      await waitUntil(
        'the error is in the log',
        () => store.lines.filter((line) => line.includes('may lose cleanup jobs')),
        ({ length }) => length > 0,
      );
      await assertReady(store);
    } finally {
      await forgetful.remove();
    }
  });

  it('queues what its last writes left before it ends', async () => {
    const store = await start();
    await untilConnected(store, 1);
    for (const key of keys) await put(store.client, uploadOf(key, large));
    const replacing = keys.map((key) => put(store.client, uploadOf(key, large)));
    await Promise.all(replacing);
    await store.shutDown();
    assert.equal((await jobIds()).length, keys.length);
    assert(!store.lines.some((line) => line.includes('left on the log')));
  });

  it('ends in its time beside a Redis that stands still', async () => {
    const store = await start();
    await untilConnected(store, 1);
    await put(store.client, uploadOf('a', large));
    redis.pause();
    await put(store.client, uploadOf('a', large));
    await store.shutDown();
    assert(!store.lines.some((line) => line.includes('changes are left on the log')));
  });
});

function byText(left: string, right: string): number {
  return left < right ? -1 : 1;
}

async function metric({ httpUrl }: RunningStore, series: string): Promise<number> {
  const text = await (await fetch(`${httpUrl}/metrics`)).text();
  const [name = '', labels = ''] = series.split(/[{}]/);
  const line = text
    .split('\n')
    .find((one) => one.startsWith(`holdfast_${name}{`) && one.includes(labels));
  return Number(line?.slice(line.lastIndexOf(' ') + 1) ?? 0);
}

async function assertReady({ httpUrl }: RunningStore): Promise<void> {
  assert.equal((await fetch(`${httpUrl}/readyz`)).status, 200);
}
