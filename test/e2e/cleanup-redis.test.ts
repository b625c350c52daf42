import assert from 'node:assert/strict';
import { createCleanupBed, startCleanupBed, type CleanupBed } from '../support/cleanup-bed.js';
import { openJobs } from '../support/cleanup-jobs.js';
import { moreWrites } from '../support/cleanup-load.js';
import { settleQueue } from '../support/cleanup-operators.js';
import { waitForNothing } from '../support/cleanup-rest.js';
import { hastyWorker, withSoonOffers } from '../support/cleanup-settings.js';
import { keysOf, usecase, writeLarge } from '../support/cleanup-writes.js';
import { startLoad, type Load } from '../support/cluster-load.js';
import { waitUntil } from '../support/cluster-wait.js';
import { KiB, MiB } from '../support/loader-payloads.js';
import { requireRedis } from '../support/redis.js';

const rounds = 2;
const writesBetween = 40;
const jobsToLose = 5;
const size = 8 * KiB;

describe('Redis that is lost under load', function () {
  this.timeout(120_000);
  let bed: CleanupBed;
  let load: Load;

  before(async function () {
    requireRedis(this);
    bed = await startCleanupBed({
      thresholdBytes: MiB,
      tieredStore: withSoonOffers,
      worker: hastyWorker,
      workerCount: 2,
    });
  });

  after(() => bed?.close());

  beforeEach(() => {
    load = startLoad(bed.callers, { writers: 4, keysPerWriter: 8 });
  });

  afterEach(() => load.stop());

  it('by being killed and started again costs nothing but time', async () => {
    for (let round = 0; round < rounds; round += 1) {
      await moreWrites(load, writesBetween);
      await bed.redis.kill();
      await moreWrites(load, writesBetween);
      await bed.redis.start();
    }
    await moreWrites(load, writesBetween);
    await load.stop();
    assert.deepEqual(load.failures, []);
    await waitForNothing(bed);
    await load.verify(bed.callers);
  });

  it('by being flushed costs nothing but time', async () => {
    const jobs = openJobs(bed.redis);
    try {
      for (let round = 0; round < rounds; round += 1) {
        // So that there are jobs to lose. That it is paused is lost with them.
        await bed.operators.pause(settleQueue);
        await waitUntil(
          'jobs wait',
          () => jobs.counts(),
          ({ waiting, delayed }) => waiting + delayed >= jobsToLose,
        );
        await bed.redis.flush();
      }
      await moreWrites(load, writesBetween);
    } finally {
      await jobs.close();
    }
    await load.stop();
    assert.deepEqual(load.failures, []);
    await waitForNothing(bed);
    await load.verify(bed.callers);
  });

  it('by answering nobody costs nothing but time', async () => {
    await moreWrites(load, writesBetween);
    bed.redis.pause();
    try {
      await moreWrites(load, writesBetween);
    } finally {
      bed.redis.resume();
    }
    await moreWrites(load, writesBetween);
    await load.stop();
    assert.deepEqual(load.failures, []);
    await waitForNothing(bed);
    await load.verify(bed.callers);
  });
});

describe('Redis that is down when a service starts', function () {
  this.timeout(120_000);
  let bed: CleanupBed;

  before(async function () {
    requireRedis(this);
    bed = await createCleanupBed({ tieredStore: withSoonOffers, worker: hastyWorker });
    await bed.redis.kill();
  });

  after(() => bed?.close());

  it('does not keep the store from serving, nor the worker from beginning when it is up', async () => {
    await bed.tieredStore.start();
    const keys = keysOf('early', 5);
    await writeLarge(bed.store, keys, size);
    const written = await writeLarge(bed.store, keys, size);
    for (const { key, payload } of written) {
      const read = await bed.store.get({ objectId: { usecase, key } });
      assert.ok(read.payload.equals(payload), key);
    }

    const ready = bed.worker.start();
    await waitUntil(
      'the worker runs and is not ready',
      () => statusesOf(bed.worker.httpUrl),
      ([healthz, readyz]) => healthz === 200 && readyz === 503,
    );
    await bed.redis.start();
    await ready;
    await waitForNothing(bed);
  });

  it('is found again by a store and a worker that ran on', async () => {
    const keys = keysOf('late', 5);
    await writeLarge(bed.store, keys, size);
    await bed.redis.kill();
    await waitUntil(
      'the worker is not ready',
      () => statusesOf(bed.worker.httpUrl),
      ([, readyz]) => readyz === 503,
    );
    await writeLarge(bed.store, keys, size);
    assert.equal((await statusesOf(bed.tieredStore.httpUrl))[1], 200);
    await bed.redis.start();
    await waitForNothing(bed);
  });
});

async function statusesOf(httpUrl: string): Promise<readonly number[]> {
  const answers = await Promise.all(
    ['healthz', 'readyz'].map((path) => fetch(`${httpUrl}/${path}`)),
  );
  return answers.map(({ status }) => status);
}
