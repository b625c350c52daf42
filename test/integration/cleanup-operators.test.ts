import { rpc } from '@holdfast/contracts';
import {
  CleanupFailure,
  limits,
  type Change,
  type CleanupHandler,
  type CleanupJob,
} from '@holdfast/domain';
import type { BullmqProducer, BullmqQueues } from '@holdfast/queue-bullmq';
import { fromStatusBytes } from '@holdfast/rpc';
import { systemClock } from '@holdfast/service-kit';
import assert from 'node:assert/strict';
import { cleanupMethods } from '../../services/cleanup-worker/src/operators/cleanup-methods.js';
import { waitUntil } from '../support/cluster-wait.js';
import { failAll } from '../support/engine/hold.js';
import { arrange, unavailable } from '../support/engine/situations.js';
import { idOf, useStore } from '../support/engine/store-under-test.js';
import { runHoldfast, type CommandEnd } from '../support/holdfast-command.js';
import { openMemoryTiers } from '../support/memory-tiers.js';
import { createLocalStore } from '../support/operators/local-store.js';
import { newPrefix, openProducer, openQueues } from '../support/redis-queue.js';
import { requireRedis, startRedis, type RedisServer } from '../support/redis.js';
import { createListener, testMetrics } from '../unit/tiered-store/quiet.js';
import { startTestServer, type TestServer } from './rpc-server/test-server.js';

/** Operators, on a real Redis, with a real engine behind. */
describe('holdfast admin, the CleanupService and BullMQ', () => {
  const store = useStore(openMemoryTiers);
  const maintenance = createLocalStore(store);
  let redis: RedisServer;
  let producer: BullmqProducer;
  let queues: BullmqQueues;
  let server: TestServer;
  let listener: ReturnType<typeof createListener>;

  before(async function () {
    requireRedis(this);
    redis = await startRedis();
  });
  after(() => redis?.remove());
  beforeEach(async () => {
    const options = { url: redis.url, prefix: newPrefix() };
    [producer, queues] = await Promise.all([
      openProducer(options, { commandMsMax: 30_000 }),
      openQueues(options),
    ]);
    listener = createListener();
    server = await startTestServer(
      cleanupMethods({
        queues,
        store: maintenance,
        breaker: { state: () => 'closed', reason: () => undefined },
        orphanBytes: { latest: () => undefined, refresh: async () => undefined },
        clock: systemClock,
        logger: listener.logger,
        metrics: testMetrics(),
      }),
    );
  });
  afterEach(async () => {
    await server.close();
    await Promise.all([producer.close(), queues.close()]);
  });

  function admin(...args: readonly string[]): Promise<CommandEnd> {
    return runHoldfast(['admin', ...args], `127.0.0.1:${server.port}`);
  }

  async function done(...args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await admin(...args);
    assert.deepEqual([code, stderr], [0, '']);
    return stdout;
  }

  interface Told {
    readonly id: string;
    readonly queue: string;
    readonly reference: string | null;
    readonly blobs: readonly string[];
    readonly bytes: number;
    readonly attempts: number;
    readonly reason: string;
    readonly timeFirstEnqueued: string;
  }

  async function letters(...flags: readonly string[]): Promise<readonly Told[]> {
    const lines = (await done('dead-letters', '--json', ...flags)).split('\n').slice(0, -1);
    return lines.map((line) => JSON.parse(line) as Told);
  }

  async function deadLetters(): Promise<number> {
    return (await queues.stats()).reduce((sum, stats) => sum + stats.deadLetters, 0);
  }

  /** Works until `isOver`. */
  async function work(
    handle: CleanupHandler,
    isOver: () => boolean | Promise<boolean>,
  ): Promise<void> {
    const ended = new AbortController();
    const working = queues.consumer.work(handle, { concurrency: 50, signal: ended.signal });
    await waitUntil('the work is over', isOver, Boolean);
    ended.abort();
    await working;
  }

  /** Settles as the store says; what fails is dead at once. */
  const settle: CleanupHandler = async (job) => {
    assert(job.kind === 'settle-change');
    const [answer] = await maintenance.settle([job.changeId], {});
    if (answer?.result?.$case !== 'error') return undefined;
    const error = fromStatusBytes(rpc.Status.encode(answer.result.value).finish());
    throw new CleanupFailure(error.reason ?? 'INTERNAL', error.message, { isFinal: true });
  };

  async function fail(jobs: readonly CleanupJob[], reason = 'TIER_UNAVAILABLE'): Promise<void> {
    const before = await deadLetters();
    await Promise.all(jobs.map((job) => producer.enqueue(job, systemClock.now())));
    const failing: CleanupHandler = async () => {
      throw new CleanupFailure(reason, 'the bucket does not answer', { isFinal: true });
    };
    await work(failing, async () => (await deadLetters()) === before + jobs.length);
  }

  /** A change that replaced a large object, whose readers have had their time. */
  async function replaced(key: string): Promise<Change> {
    await arrange(store(), idOf(key), 'large', 1);
    await arrange(store(), idOf(key), 'large', 2);
    await store().atRest();
    const change = (await store().changes()).find(({ objectId }) => objectId.key === key);
    assert(change !== undefined);
    await maintenance.settle([change.changeId], {});
    store().clock.advance(limits.readerGraceMs + 1);
    return change;
  }

  function jobOf({ changeId }: Change): CleanupJob {
    return { kind: 'settle-change', changeId };
  }

  async function manyDead(count: number): Promise<void> {
    const ids = Array.from({ length: count }, (_, at) => at.toString(16).padStart(12, '0'));
    const jobs = ids.map((id) => ({
      kind: 'settle-change' as const,
      changeId: `018bcfe5-6800-7000-8000-${id}` as Change['changeId'],
    }));
    await fail(jobs);
  }

  it('shows what cannot be cleaned, and why, and cleans it once that can be retried', async () => {
    const change = await replaced('a');
    const heal = failAll(store().longTerm, 'remove', unavailable());
    await producer.enqueue(jobOf(change), systemClock.now());
    await work(settle, async () => (await deadLetters()) === 1);

    const [told, ...others] = await letters('--usecase', 'engine', '--reason', 'TIER_UNAVAILABLE');
    assert(told !== undefined && others.length === 0);
    assert.equal(told.id, `change-${change.changeId}`);
    assert.equal(told.queue, 'changelog-cleanup');
    assert.equal(told.reference, 'engine/org=17:a');
    assert.deepEqual(told.blobs, [change.oldBlob]);
    assert.ok(told.bytes > 0);
    assert.deepEqual([told.attempts, told.reason], [1, 'TIER_UNAVAILABLE']);
    assert.deepEqual(await letters('--usecase', 'other'), []);
    assert.deepEqual(await letters('--queue', 'orphan-reclaim'), []);
    assert.deepEqual(await letters('--enqueued-by', '1h'), []);

    heal();
    assert.equal(await done('retry', '--reason', 'TIER_UNAVAILABLE'), '1 dead letter retried\n');
    await work(settle, async () => (await store().changes()).length === 0);
    assert.deepEqual(await letters(), []);
    assert.equal((await store().holdings()).blobs.length, 1);
  });

  it('keeps when a letter was first enqueued, and its name, when it fails again', async () => {
    const change = await replaced('a');
    await fail([jobOf(change)]);
    const [first] = await letters();
    assert(first !== undefined);
    await done('retry', first.id);
    assert.deepEqual(await letters(), []);
    await work(
      async () => {
        throw new CleanupFailure('UNREADABLE', 'of a newer version', { isFinal: true });
      },
      async () => (await deadLetters()) === 1,
    );
    const [second] = await letters();
    assert.equal(second?.id, first.id);
    assert.equal(second.timeFirstEnqueued, first.timeFirstEnqueued);
    assert.equal(second.reason, 'UNREADABLE');
  });

  it('leaves letters alone until their time that are retried over a while', async () => {
    await manyDead(20);
    await done('retry', '--all', '--spread', '1d');
    assert.equal(await deadLetters(), 0);
    const ran: CleanupJob[] = [];
    await work(
      async (job) => {
        ran.push(job);
        return undefined;
      },
      async () => (await queues.stats()).some(({ delayed }) => delayed === 20),
    );
    assert.deepEqual(ran, []);
  });

  it('gives a change up on the log and takes its letter off, so that it can be enqueued anew', async () => {
    const [gone, kept] = [await replaced('a'), await replaced('b')];
    await fail([jobOf(gone), jobOf(kept)]);
    const because = ['--because', 'the bucket is gone'];
    assert.equal(
      await done('discard', `change-${gone.changeId}`, ...because),
      '1 dead letter discarded\n',
    );
    assert.deepEqual((await store().holdings()).changes, [kept.changeId]);
    assert.deepEqual(
      (await letters()).map(({ id }) => id),
      [`change-${kept.changeId}`],
    );
    const [line] = listener.lines.filter(
      ({ message }) => message === 'a dead letter was discarded',
    );
    assert.equal(line?.['object'], 'engine/org.17/objects/a');
    assert.equal(line['reason'], 'the bucket is gone');
    assert.ok(Number(line['bytes']) > 0);
    const again = await admin('discard', `change-${gone.changeId}`, ...because);
    assert.equal(again.code, 3);

    await producer.enqueue(jobOf(gone), systemClock.now());
    const ran: CleanupJob[] = [];
    await work(
      async (job) => {
        ran.push(job);
        return undefined;
      },
      () => ran.length > 0,
    );
    assert.deepEqual(ran, [jobOf(gone)]);
  });

  it('keeps the letter of a change that the log does not let go', async () => {
    const change = await replaced('a');
    await fail([jobOf(change)]);
    const heal = failAll(store().changeLog, 'remove', unavailable());
    const because = ['--because', 'the bucket is gone'];
    assert.equal((await admin('discard', '--all', ...because)).code, 5);
    assert.equal((await letters()).length, 1);
    heal();
    assert.equal(await done('discard', '--all', ...because), '1 dead letter discarded\n');
    assert.deepEqual((await store().holdings()).changes, []);
  });

  it('shows a job of a newer version, retries it and takes it off', async () => {
    const [board] = queues.boards;
    assert(board !== undefined);
    await board.add('settle-change', { v: 2, changes: ['a'] }, { jobId: 'of-tomorrow' });
    await work(settle, async () => (await deadLetters()) === 1);
    const [told] = await letters('--queue', 'changelog-cleanup', '--reason', 'UNKNOWN_JOB');
    assert.equal(told?.reference, null);
    assert.equal(await done('retry', told.id), '1 dead letter retried\n');
    await work(settle, async () => (await deadLetters()) === 1);
    const because = ['--because', 'that version is withdrawn'];
    assert.equal(await done('discard', told.id, ...because), '1 dead letter discarded\n');
    assert.equal(await deadLetters(), 0);
  });

  it('lists, retries and discards thousands', async () => {
    await manyDead(2_500);
    assert.equal(new Set((await letters()).map(({ id }) => id)).size, 2_500);
    assert.equal(await done('retry', '--all'), '2500 dead letters retried\n');
    assert.equal(await deadLetters(), 0);
    const failing: CleanupHandler = async () => {
      throw new CleanupFailure('TIER_UNAVAILABLE', 'still', { isFinal: true });
    };
    await work(failing, async () => (await deadLetters()) === 2_500);
    const because = ['--because', 'test data'];
    assert.equal(await done('discard', '--all', ...because), '2500 dead letters discarded\n');
    assert.equal(await deadLetters(), 0);
  });

  it('ends although what it retries fails again at once', async () => {
    await manyDead(1_200);
    const ended = new AbortController();
    const failing: CleanupHandler = async () => {
      throw new CleanupFailure('TIER_UNAVAILABLE', 'still', { isFinal: true });
    };
    const working = queues.consumer.work(failing, { concurrency: 50, signal: ended.signal });
    const { code } = await admin('retry', '--all');
    assert.equal(code, 0);
    ended.abort();
    await working;
  });

  it('pauses a queue for all workers until it is resumed', async () => {
    const paused = await done('pause', 'changelog-cleanup', '--because', 'the bucket moves');
    assert.equal(paused, 'changelog-cleanup is paused: the bucket moves\n');
    const change = await replaced('a');
    await producer.enqueue(jobOf(change), systemClock.now());
    const ended = new AbortController();
    const working = queues.consumer.work(settle, { concurrency: 1, signal: ended.signal });
    const stats = JSON.parse(await done('stats', '--json')) as {
      readonly queues: readonly { readonly state: string; readonly waiting: number }[];
    };
    assert.deepEqual(
      stats.queues.map(({ state, waiting }) => [state, waiting]),
      [
        ['paused', 1],
        ['running', 0],
      ],
    );
    assert.equal(await done('resume', 'changelog-cleanup'), 'changelog-cleanup is running\n');
    await waitUntil(
      'the change is settled',
      () => store().changes(),
      ({ length }) => length === 0,
    );
    ended.abort();
    await working;
  });

  it('says that Redis is down, soon, and goes on with all letters once it is back', async () => {
    await manyDead(10);
    await redis.kill();
    for (const args of [
      ['stats'],
      ['dead-letters'],
      ['retry', 'change-x'],
      ['retry', '--all'],
      ['discard', '--all', '--because', 'why'],
      ['pause', 'orphan-reclaim'],
      ['resume', 'orphan-reclaim'],
    ]) {
      const { code, stdout, stderr } = await admin(...args);
      assert.deepEqual([code, stdout], [5, ''], args.join(' '));
      assert.match(stderr, /the cleanup queues cannot be reached \(QUEUE_UNAVAILABLE\)/);
    }
    await redis.start();
    await waitUntil('the queues are connected', queues.isConnected, Boolean);
    assert.equal((await letters()).length, 10);
    assert.equal(await done('retry', '--all'), '10 dead letters retried\n');
  });
});
