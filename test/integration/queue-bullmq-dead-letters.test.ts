import { CleanupFailure, hasCode, later, type DeadLetter } from '@holdfast/domain';
import {
  queueNames,
  queueOfDeadLetter,
  type BullmqProducer,
  type BullmqQueues,
} from '@holdfast/queue-bullmq';
import { systemClock } from '@holdfast/service-kit';
import assert from 'node:assert/strict';
import { waitUntil } from '../support/cluster-wait.js';
import { useRedisBench } from '../support/redis-bench.js';
import { buried, createJobFixtures, nameOf } from '../support/redis-work.js';

const make = createJobFixtures();
const final = new CleanupFailure('INVALID', 'no', { isFinal: true });

describe('Dead letters and counts of the queues on BullMQ', () => {
  const bench = useRedisBench();
  let producer: BullmqProducer;
  let queues: BullmqQueues;

  beforeEach(async () => {
    producer = await bench.producer();
    queues = await bench.queues();
  });

  async function bury(count: number): Promise<void> {
    const work = bench.work(queues.consumer, () => Promise.reject(final));
    for (let index = 0; index < count; index += 1) {
      const job = index % 2 === 0 ? make.settle() : make.reclaim();
      await producer.enqueue(job, systemClock.now());
    }
    await buried(queues, count);
    await work.stop();
  }

  async function listAll(limit: number): Promise<readonly DeadLetter[]> {
    const letters: DeadLetter[] = [];
    let cursor: string | undefined;
    do {
      const page = await queues.consumer.listDeadLetters(cursor, limit);
      assert.ok(page.letters.length <= limit);
      letters.push(...page.letters);
      cursor = page.next;
    } while (cursor !== undefined);
    return letters;
  }

  it('are listed in pages of any size, also when they died at the same time', async () => {
    const count = 24;
    await bury(count);
    const died = systemClock.now();
    const all = await listAll(count);
    for (const { id } of all) {
      const queue = queueOfDeadLetter(id);
      await bench
        .server()
        .send('ZADD', `${bench.redis().prefix}:${queue}:failed`, 'XX', String(died), id);
    }
    for (const limit of [1, 2, 5, 7, count - 1, count, count + 1]) {
      const letters = await listAll(limit);
      assert.deepEqual(new Set(letters.map(({ id }) => id)), new Set(all.map(({ id }) => id)));
      assert.equal(letters.length, count);
    }
  });

  it('are listed to the end while those of earlier pages are taken off', async () => {
    await bury(10);
    const first = await queues.consumer.listDeadLetters(undefined, 4);
    for (const { id } of first.letters) await queues.consumer.discardDeadLetter(id);
    const second = await queues.consumer.listDeadLetters(first.next, 10);
    assert.equal(second.letters.length, 6);
    assert.equal(second.next, undefined);
  });

  it('are not listed from a page that nobody gave', async () => {
    for (const cursor of ['', 'x', '1', '1.', '1.0.', '-1.0.x', '1e3.0.x']) {
      await assert.rejects(queues.consumer.listDeadLetters(cursor, 1), (error) =>
        hasCode(error, 'INVALID_PAGE'),
      );
    }
  });

  it('name their queues', async () => {
    await bury(2);
    const letters = await listAll(10);
    for (const { id, job } of letters) {
      const isSettle = job?.kind === 'settle-change';
      assert.equal(queueOfDeadLetter(id), isSettle ? queueNames.settle : queueNames.reclaim);
    }
    assert.equal(queueOfDeadLetter('other'), undefined);
  });

  it('are kept up to their number, the latest', async () => {
    queues = await bench.queues({ deadLettersMax: 3 });
    const work = bench.work(queues.consumer, () => Promise.reject(final));
    const jobs = Array.from({ length: 5 }, make.settle);
    for (const [index, job] of jobs.entries()) {
      await producer.enqueue(job, systemClock.now());
      await waitUntil(
        'it has failed',
        () => work.runs.length,
        (runs) => runs === index + 1,
      );
      await buried(queues, Math.min(index + 1, 3));
    }
    await work.stop();
    const letters = await listAll(10);
    assert.deepEqual(
      letters.map(({ job }) => job),
      jobs.slice(2),
    );
  });

  it('are retried or discarded by one of those who ask at once', async () => {
    await bury(2);
    const [one, two] = await listAll(10);
    assert.ok(one !== undefined && two !== undefined);
    const ten = Array.from({ length: 10 });
    const retried = await Promise.all(ten.map(() => queues.consumer.retryDeadLetter(one.id)));
    assert.equal(retried.filter((outcome) => outcome === 'retried').length, 1);
    const gone = await Promise.all(
      ten.flatMap(() => [
        queues.consumer.retryDeadLetter(two.id),
        queues.consumer.discardDeadLetter(two.id),
      ]),
    );
    assert.equal(gone.filter((outcome) => outcome !== 'absent').length, 1);
    await buried(queues, 0);
  });

  it('are retried at once by whoever does not know that they were to be retried later', async () => {
    await bury(1);
    const [letter] = await listAll(1);
    assert.ok(letter?.job !== undefined);
    // As if whoever retried it had died in between.
    const key = `${bench.redis().prefix}:${queueNames.settle}:${letter.id}`;
    const notBefore = later(systemClock.now(), 3_600_000);
    const data = { v: 1, changeId: nameOf(letter.job), notBefore };
    await bench.server().send('HSET', key, 'data', JSON.stringify(data));
    assert.equal(await queues.consumer.retryDeadLetter(letter.id), 'retried');
    const work = bench.work(queues.consumer);
    await waitUntil(
      'it is run',
      () => work.runs,
      (runs) => runs.length === 1,
    );
    await work.stop();
  });

  it('do not wait since yesterday when those of yesterday are retried', async () => {
    await bury(1);
    const [letter] = await listAll(1);
    assert.ok(letter);
    const yesterday = later(systemClock.now(), -86_400_000);
    const key = `${bench.redis().prefix}:${queueNames.settle}:${letter.id}`;
    await bench.server().send('HSET', key, 'timestamp', String(yesterday));
    const before = systemClock.now();
    await queues.consumer.retryDeadLetter(letter.id);
    const [stats] = await queues.stats();
    assert.equal(stats?.waiting, 1);
    assert.ok((stats.oldestWaitingTime ?? 0) >= before);
    // Those that wait for the first time still do so since yesterday.
    await bench.server().send('HDEL', key, 'retryDueOn');
    assert.equal((await queues.stats())[0]?.oldestWaitingTime, yesterday);
  });

  it('do not wait since a time to come when they are retried for later', async () => {
    await bury(1);
    const [letter] = await listAll(1);
    assert.ok(letter);
    const before = systemClock.now();
    await queues.consumer.retryDeadLetter(letter.id, later(before, 3_600_000));
    const [stats] = await queues.stats();
    assert.equal(stats?.waiting, 1);
    const oldest = stats.oldestWaitingTime ?? 0;
    assert.ok(oldest >= before && oldest <= systemClock.now());
  });

  it('leave nothing behind when they are discarded while they are retried', async () => {
    await bury(1);
    const [letter] = await listAll(1);
    assert.ok(letter);
    const { id } = letter;
    await Promise.all([queues.consumer.discardDeadLetter(id), queues.consumer.retryDeadLetter(id)]);
    const { prefix } = bench.redis();
    const [stats] = await queues.stats();
    const left = await bench.server().send('EXISTS', `${prefix}:${queueNames.settle}:${id}`);
    assert.equal(Number(left), (stats?.waiting ?? 0) + (stats?.deadLetters ?? 0));
  });

  it('are found by their ids, those of others than this version too', async () => {
    const [board] = queues.boards;
    assert.ok(board);
    const strange = { jobId: 'of-tomorrow' };
    await board.add('settle-change', { v: 2 }, strange);
    const work = bench.work(queues.consumer);
    await buried(queues, 1);
    await work.stop();
    const letters = await listAll(10);
    const found = await queues.consumer.findDeadLetters(letters.map(({ id }) => id));
    assert.deepEqual(found, letters);
    assert.ok(found.some(({ id }) => id === `${queueNames.settle}/of-tomorrow`));
    assert.deepEqual(await queues.consumer.findDeadLetters(['change-', 'of-tomorrow', '']), []);
  });

  it('are put off by workers, and by no more than was asked for', async () => {
    await bury(1);
    const [letter] = await listAll(1);
    assert.ok(letter);
    const notBefore = later(systemClock.now(), 300);
    await queues.consumer.retryDeadLetter(letter.id, notBefore);
    const times: number[] = [];
    const work = bench.work(queues.consumer, async () => {
      times.push(systemClock.now());
      return undefined;
    });
    await waitUntil('it waits', queues.stats, ([stats]) => stats?.delayed === 1);
    await waitUntil('it is run', () => times.length, Boolean);
    assert.ok((times[0] ?? 0) >= notBefore);
    await work.stop();
  });

  it('are shown with the texts of their failures, cut where they are long', async () => {
    const failures = [
      new CleanupFailure('TIER_UNAVAILABLE', 'a: b\nc'),
      new CleanupFailure('not a reason', 'text'),
      new Error('😀'.repeat(2_000)),
      new Error(''),
    ];
    let next = 0;
    const work = bench.work(queues.consumer, () => {
      const failure = failures[next] ?? final;
      throw new CleanupFailure(
        failure instanceof CleanupFailure ? failure.reason : 'INTERNAL',
        failure.message,
        { isFinal: true },
      );
    });
    for (const index of failures.keys()) {
      next = index;
      await producer.enqueue(make.settle(), systemClock.now());
      await buried(queues, index + 1);
    }
    await work.stop();
    const letters = await listAll(10);
    const [first, second, third, fourth] = letters;
    assert.deepEqual([first?.reason, first?.lastError], ['TIER_UNAVAILABLE', 'a: b\nc']);
    assert.deepEqual([second?.reason, second?.lastError], ['INTERNAL', 'text']);
    assert.deepEqual([third?.reason, third?.lastError.length], ['INTERNAL', 1_000]);
    assert.deepEqual([fourth?.reason, fourth?.lastError], ['INTERNAL', '']);
  });

  it('are counted, like what waits, and since when', async () => {
    const before = systemClock.now();
    const due = later(before, 100);
    await producer.enqueue(make.settle(), due);
    await producer.enqueue(make.settle(), later(before, 3_600_000));
    const [early] = await queues.stats();
    assert.deepEqual([early?.waiting, early?.delayed, early?.oldestWaitingTime], [0, 2, undefined]);
    // Nobody works: it is due all the same.
    const [late, other] = await waitUntil(
      'one is due',
      queues.stats,
      ([stats]) => stats?.waiting === 1,
    );
    assert.deepEqual([late?.delayed, late?.oldestWaitingTime], [1, due]);
    assert.deepEqual(other, {
      name: queueNames.reclaim,
      waiting: 0,
      delayed: 0,
      active: 0,
      deadLetters: 0,
    });
    await producer.enqueue(make.reclaim(), systemClock.now());
    const [, reclaim] = await queues.stats();
    assert.equal(reclaim?.waiting, 1);
    assert.ok((reclaim.oldestWaitingTime ?? 0) >= before);
    bench.hold(queues);
    await waitUntil('both run', queues.stats, (all) => all.every(({ active }) => active === 1));
  });
});
