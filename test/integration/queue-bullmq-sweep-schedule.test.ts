import { sweepKinds } from '@holdfast/domain';
import { queueNames } from '@holdfast/queue-bullmq';
import assert from 'node:assert/strict';
import { waitUntil } from '../support/cluster-wait.js';
import { useRedisBench } from '../support/redis-bench.js';
import { lookAtSweeps, startSweeps, type SweepsInRedis } from '../support/redis-sweeps.js';

const kind = 'expire-objects';
const hourMs = 3_600_000;
/** BullMQ orders delayed jobs by when they are due times this. */
const delayedScale = 0x1000;

describe('The schedule of sweeps', () => {
  const bench = useRedisBench();
  let seen: SweepsInRedis;

  beforeEach(() => {
    seen = bench.closers.add(lookAtSweeps(bench.server(), bench.redis().prefix));
  });

  /** When the next job of the kind is due. */
  async function nextDue(): Promise<number> {
    const scheduler = await seen.queue.getJobScheduler(kind);
    return scheduler?.next ?? Number.NaN;
  }

  /** As if the next job had been due so long ago, with nobody there to take it. */
  async function wasMissed(agoMs: number): Promise<void> {
    const key = `${bench.redis().prefix}:${queueNames.sweep}`;
    const due = await nextDue();
    const past = due - agoMs;
    const [job, missed] = [`repeat:${kind}:${due}`, `repeat:${kind}:${past}`];
    await bench.server().send('RENAME', `${key}:${job}`, `${key}:${missed}`);
    await bench.server().send('ZREM', `${key}:delayed`, job);
    // Where it is due by now.
    await bench.server().send('LREM', `${key}:wait`, '0', job);
    await bench.server().send('ZADD', `${key}:delayed`, String(past * delayedScale), missed);
    await bench.server().send('ZADD', `${key}:repeat`, String(past), kind);
  }

  it('is empty at first, and tells how often there is a job of each kind', async () => {
    const sweeps = await bench.sweeps();
    assert.deepEqual(await sweeps.scheduled(), new Map());
    for (const [index, each] of sweepKinds.entries()) await sweeps.schedule(each, index + hourMs);
    const all = sweepKinds.map((each, index) => [each, index + hourMs] as const);
    assert.deepEqual(await sweeps.scheduled(), new Map(all));
  });

  it('has a job at once, and then every so often', async () => {
    const sweeps = await bench.sweeps();
    const jobs: object[] = [];
    bench.closers.add(
      startSweeps(sweeps, async (job) => {
        jobs.push(job);
        return { kind: 'done', summary: {} };
      }),
    );
    await sweeps.schedule(kind, hourMs);
    await seen.completed(1);
    await sweeps.schedule(kind, 50);
    await waitUntil(
      'there were some',
      () => jobs.length,
      (count) => count >= 3,
    );
    assert.deepEqual(jobs[0], { kind, isScheduled: true });
  });

  it('is not changed by the same again', async () => {
    const sweeps = await bench.sweeps();
    bench.closers.add(startSweeps(sweeps));
    await sweeps.schedule(kind, hourMs);
    await seen.completed(1);
    const due = await nextDue();
    for (const _ of [1, 2, 3]) await sweeps.schedule(kind, hourMs);
    assert.equal(await nextDue(), due);
    assert.equal((await seen.queue.getJobCounts('delayed'))['delayed'], 1);
    await seen.completed(1);
  });

  it('lets a job wait that is due, and adds no other one', async () => {
    const sweeps = await bench.sweeps();
    for (const _ of [1, 2, 3]) await sweeps.schedule(kind, hourMs);
    await seen.waiting(1);
    assert.equal((await seen.queue.getJobCounts('delayed'))['delayed'], 0);
  });

  it('leaves a job due that is, whatever its interval becomes', async () => {
    const sweeps = await bench.sweeps();
    for (const factor of [1, 2, 4]) await sweeps.schedule(kind, factor * hourMs);
    await seen.waiting(1);
    assert.equal((await seen.queue.getJobCounts('delayed'))['delayed'], 0);
    assert.deepEqual(await sweeps.scheduled(), new Map([[kind, 4 * hourMs]]));
  });

  it('counts another interval from the last job', async () => {
    const sweeps = await bench.sweeps();
    bench.closers.add(startSweeps(sweeps));
    await sweeps.schedule(kind, hourMs);
    await seen.completed(1);
    const due = await nextDue();
    for (const factor of [2, 8, 3, 1]) {
      await sweeps.schedule(kind, factor * hourMs);
      assert.equal(await nextDue(), due + (factor - 1) * hourMs);
    }
    assert.deepEqual(await sweeps.scheduled(), new Map([[kind, hourMs]]));
    await seen.completed(1);
  });

  it('has a job at once where a shorter interval is over already', async () => {
    const sweeps = await bench.sweeps();
    const work = bench.closers.add(startSweeps(sweeps));
    await sweeps.schedule(kind, hourMs);
    await seen.completed(1);
    await sweeps.schedule(kind, 1);
    await waitUntil('there is another', () => work.kinds.length > 1, Boolean);
  });

  it('keeps its pace with another interval after it could not be kept for a while', async () => {
    const sweeps = await bench.sweeps();
    const work = startSweeps(sweeps);
    const everyMs = 200;
    await sweeps.schedule(kind, 8 * hourMs);
    await seen.completed(1);
    await work.stop();
    await sweeps.schedule(kind, everyMs);
    await wasMissed(100 * everyMs);
    const again = bench.closers.add(startSweeps(sweeps));
    await waitUntil('it goes on', () => again.kinds.length > 3, Boolean);
  });

  it('does not wait for a time that only a clock that is ahead could have meant', async () => {
    const sweeps = await bench.sweeps();
    bench.closers.add(startSweeps(sweeps));
    await sweeps.schedule(kind, hourMs);
    await seen.completed(1);
    for (const [index, everyMs] of [hourMs, 2 * hourMs].entries()) {
      const startDate = Date.now() + 365 * 24 * hourMs;
      await seen.queue.removeJobScheduler(kind);
      await seen.queue.upsertJobScheduler(kind, { every: hourMs, startDate }, { name: kind });
      assert.ok((await nextDue()) >= startDate);
      await sweeps.schedule(kind, everyMs);
      assert.ok((await nextDue()) <= Date.now() + everyMs);
      await seen.completed(2 + index);
    }
  });

  it('heals where a job was removed by hand', async () => {
    const sweeps = await bench.sweeps();
    bench.closers.add(startSweeps(sweeps));
    await sweeps.schedule(kind, hourMs);
    await seen.completed(1);
    const key = `${bench.redis().prefix}:${queueNames.sweep}`;
    const due = await nextDue();
    await bench.server().send('ZREM', `${key}:delayed`, `repeat:${kind}:${due}`);
    await bench.server().send('DEL', `${key}:repeat:${kind}:${due}`);
    await sweeps.schedule(kind, hourMs);
    assert.equal((await seen.queue.getJobCounts('delayed'))['delayed'], 1);
  });

  it('is gone with all that Redis kept, and comes again', async () => {
    const sweeps = await bench.sweeps();
    const work = bench.closers.add(startSweeps(sweeps));
    await sweeps.schedule(kind, hourMs);
    await seen.completed(1);
    await bench.server().flush();
    assert.deepEqual(await sweeps.scheduled(), new Map());
    await sweeps.schedule(kind, hourMs);
    await waitUntil(
      'it is run',
      () => work.kinds.length,
      (count) => count === 2,
    );
    assert.deepEqual(await sweeps.scheduled(), new Map([[kind, hourMs]]));
  });

  it('is not misled by what others have written', async () => {
    const sweeps = await bench.sweeps();
    const key = `${bench.redis().prefix}:${queueNames.sweep}:repeat`;
    await bench.server().send('ZADD', key, '17', kind);
    await bench.server().send('HSET', `${key}:${kind}`, 'every', 'often');
    assert.deepEqual(await sweeps.scheduled(), new Map());
    await sweeps.schedule(kind, hourMs);
    assert.deepEqual(await sweeps.scheduled(), new Map([[kind, hourMs]]));
    await seen.waiting(1);
  });
});
