import { CleanupFailure, type Timestamp } from '@holdfast/domain';
import { queueNames } from '@holdfast/queue-bullmq';
import assert from 'node:assert/strict';
import { waitUntil } from '../support/cluster-wait.js';
import { enqueueAll, useRedisBench } from '../support/redis-bench.js';
import { recordReport } from '../support/redis-queue.js';
import { buried, createJobFixtures, drained, nameOf } from '../support/redis-work.js';

const make = createJobFixtures();

describe('The workers of cleanup jobs', () => {
  const bench = useRedisBench();

  it('work ten thousand jobs off, each once', async () => {
    const producer = await bench.producer();
    const both = [await bench.queues(), await bench.queues()] as const;
    const jobs = Array.from({ length: 10_000 }, make.settle);
    await enqueueAll(producer, jobs);
    const works = both.map(({ consumer }) => bench.work(consumer, undefined, { concurrency: 50 }));
    await drained(both[0]);
    const runs = works.flatMap((started) => started.runs);
    assert.deepEqual(runs.toSorted(), jobs.map(nameOf).toSorted());
  });

  it('start no more jobs in a second than they may, all together', async () => {
    const limited = { jobsPerSecondMax: { settle: 10 } };
    const both = [await bench.queues(limited), await bench.queues(limited)] as const;
    const jobs = Array.from({ length: 30 }, make.settle);
    await enqueueAll(await bench.producer(), jobs);
    const start = performance.now();
    for (const { consumer } of both) bench.work(consumer);
    await drained(both[0]);
    // Ten at once, ten a second later, ten after another second; a timer may be a little early.
    assert.ok(performance.now() - start > 1_900);
  });

  it('are paused and resumed for all, over restarts of everything', async () => {
    const queues = await bench.queues();
    await queues.pause(queueNames.settle, 'the disk is replaced');
    const change = make.settle();
    const blob = make.reclaim();
    await enqueueAll(await bench.producer(), [change, blob]);
    const started = bench.work(queues.consumer);
    await waitUntil('the other queue goes on', () => started.runs.length, Boolean);
    await bench.server().kill();
    await bench.server().start();
    const others = await bench.queues();
    const [settle, reclaim] = await others.stats();
    assert.equal(settle?.pausedFor, 'the disk is replaced');
    assert.equal(settle.waiting, 1);
    assert.equal(reclaim?.pausedFor, undefined);
    assert.ok(!started.runs.includes(nameOf(change)));
    await others.resume(queueNames.settle);
    await waitUntil('it goes on', () => started.runs.includes(nameOf(change)), Boolean);
    assert.equal((await others.stats())[0]?.pausedFor, undefined);
  });

  it('forget why a queue was paused when the dashboard resumes it', async () => {
    const queues = await bench.queues();
    const [board] = queues.boards;
    assert.ok(board);
    await queues.pause(queueNames.settle, 'why');
    await board.resume();
    const reason = () => board.getBackend().getQueueMetaField('pausedFor');
    await waitUntil('it is forgotten', reason, (said) => said === null);
    await board.pause();
    assert.equal((await queues.stats())[0]?.pausedFor, '');
  });

  it('say so when they drop dead letters because there are too many', async () => {
    const report = recordReport();
    const queues = await bench.queues({ deadLettersMax: 2 }, report);
    await enqueueAll(await bench.producer(), Array.from({ length: 5 }, make.settle));
    bench.work(queues.consumer, async () => {
      throw new CleanupFailure('INVALID', 'no', { isFinal: true });
    });
    await drained(queues);
    await waitUntil(
      'it is said',
      () => report.lines.join('\n'),
      (said) => /dropped/.test(said),
    );
    await buried(queues, 2);
  });

  it('do what can be read although something beside it cannot', async () => {
    const queues = await bench.queues();
    const [settle] = queues.boards;
    assert.ok(settle);
    const changes: string[] = [];
    for (const [field, text] of Object.entries({ opts: '{not json', progress: 'half' })) {
      const changeId = nameOf(make.settle());
      const { id = '' } = await settle.add('settle-change', { v: 1, changeId });
      await bench.server().send('HSET', settle.toKey(id), field, text);
      changes.push(changeId);
    }
    const started = bench.work(queues.consumer, undefined, { concurrency: 1 });
    await drained(queues);
    assert.deepEqual(started.runs, changes);
  });

  it('keep what they cannot read as dead letters, and show it', async () => {
    const queues = await bench.queues();
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
    await bench.server().send('HSET', key, 'data', '{not json');
    const started = bench.work(queues.consumer);
    await buried(queues, unreadable.length + 1);
    const { letters } = await queues.consumer.listDeadLetters(undefined, 100);
    assert.equal(letters.length, unreadable.length + 1);
    for (const { reason, job, attempts } of letters) {
      assert.deepEqual(
        { reason, job, attempts },
        { reason: 'UNKNOWN_JOB', job: undefined, attempts: 1 },
      );
    }
    assert.equal(await bench.server().send('HGET', key, 'data'), '{not json');
    for (const { id } of letters) {
      assert.equal(await queues.consumer.retryDeadLetter(id, 0 as Timestamp), 'retried');
    }
    await buried(queues, letters.length);
    for (const { id } of letters) {
      assert.equal(await queues.consumer.discardDeadLetter(id), 'discarded');
    }
    await buried(queues, 0);
    assert.deepEqual(started.runs, []);
    const good = make.settle();
    await enqueueAll(await bench.producer(), [good]);
    await waitUntil('they go on', () => started.runs.includes(nameOf(good)), Boolean);
  });
});
