import { status } from '@grpc/grpc-js';
import { cleanup } from '@holdfast/contracts';
import { RpcError } from '@holdfast/rpc';
import assert from 'node:assert/strict';
import { createGetStats } from '../../../services/cleanup-worker/src/operators/get-stats.js';
import {
  createPauseQueue,
  createResumeQueue,
} from '../../../services/cleanup-worker/src/operators/pause-queue.js';
import { assertRefused, callContext } from '../../support/maintenance.js';
import { queueDown } from '../../support/operators/fake-queues.js';
import { createOperatorsBed, type OperatorsBed } from '../../support/operators/operators-bed.js';

const { CleanupQueue, QueueState } = cleanup;

/** For `assert.rejects`: what an operator is told while Redis is down. */
function isQueueUnavailable(error: unknown): boolean {
  assert(error instanceof RpcError, String(error));
  assert.deepEqual([error.code, error.reason], [status.UNAVAILABLE, 'QUEUE_UNAVAILABLE']);
  // Addresses are for the log.
  assert.ok(!error.message.includes('10.0.0.1'));
  return true;
}

describe('GetStats', () => {
  let bed: OperatorsBed;
  beforeEach(() => {
    bed = createOperatorsBed();
  });
  const getStats = (signal?: AbortSignal, countMsMax = 60_000): Promise<cleanup.GetStatsResponse> =>
    createGetStats(bed.dependencies, countMsMax)({}, callContext(signal));

  it('counts what both queues hold', async () => {
    bed.addChangeLetter();
    bed.addChangeLetter();
    bed.addBlobLetter();
    const { queues } = await getStats();
    const running = { state: QueueState.RUNNING, stateReason: '' };
    const counts = { waiting: 3n, delayed: 2n, active: 1n };
    const oldestWaitingTime = new Date(1_700_000_000_000);
    assert.deepEqual(queues, [
      {
        queue: CleanupQueue.CHANGELOG_CLEANUP,
        ...counts,
        deadLetters: 2n,
        oldestWaitingTime,
        ...running,
      },
      {
        queue: CleanupQueue.ORPHAN_RECLAIM,
        ...counts,
        deadLetters: 1n,
        oldestWaitingTime,
        ...running,
      },
    ]);
  });

  it('says which queue an operator has paused, and that the others are held', async () => {
    bed.queues.pausedFor.set('orphan-reclaim', 'the bucket moves');
    bed.breaker.state = 'open';
    bed.breaker.reason = 'TIER_UNAVAILABLE: the store is down';
    const states = (await getStats()).queues.map(({ state, stateReason }) => [state, stateReason]);
    assert.deepEqual(states, [
      [QueueState.HELD, 'TIER_UNAVAILABLE: the store is down'],
      [QueueState.PAUSED, 'the bucket moves'],
    ]);
  });

  it('shows a queue that is paused without a reason as paused, and one on trial as held', async () => {
    bed.queues.pausedFor.set('changelog-cleanup', '');
    bed.breaker.state = 'half-open';
    const states = (await getStats()).queues.map(({ state }) => state);
    assert.deepEqual(states, [QueueState.PAUSED, QueueState.HELD]);
  });

  it('counts the bytes anew for who asks', async () => {
    const time = new Date(1);
    bed.orphanBytes.refresh = async () => {
      bed.orphanBytes.counted = { time, bytes: new Map([['photos', 7n]]) };
    };
    const { orphanBytes, orphanBytesTime } = await getStats();
    assert.deepEqual(orphanBytes, [{ usecase: 'photos', bytes: 7n }]);
    assert.equal(orphanBytesTime, time);
  });

  it('tells what was counted before, and when, while the store cannot say', async () => {
    const time = new Date(1);
    bed.orphanBytes.counted = { time, bytes: new Map([['photos', 7n]]) };
    bed.orphanBytes.refresh = async () => assert.fail('the store is down');
    const { orphanBytes, orphanBytesTime } = await getStats();
    assert.deepEqual(orphanBytes, [{ usecase: 'photos', bytes: 7n }]);
    assert.equal(orphanBytesTime, time);
  });

  it('says that the bytes have never been counted', async () => {
    bed.orphanBytes.refresh = async () => assert.fail('the store is down');
    const { orphanBytes, orphanBytesTime } = await getStats();
    assert.deepEqual(orphanBytes, []);
    assert.equal(orphanBytesTime, undefined);
  });

  it('lets a store that does not answer wait for a bounded time only', async () => {
    let isGivenUp = false;
    bed.orphanBytes.refresh = (signal) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => {
          isGivenUp = true;
          reject(signal.reason as Error);
        });
      });
    assert.equal((await getStats(undefined, 10)).queues.length, 2);
    assert.ok(isGivenUp);
  });

  it('ends with its caller', async () => {
    const gone = new Error('gone');
    await assert.rejects(getStats(AbortSignal.abort(gone)), gone);
  });

  it('says that the queues cannot be reached', async () => {
    bed.queues.before = () => {
      throw queueDown();
    };
    await assert.rejects(getStats(), isQueueUnavailable);
  });
});

describe('PauseQueue and ResumeQueue', () => {
  let bed: OperatorsBed;
  beforeEach(() => {
    bed = createOperatorsBed();
  });
  const pause = (queue: cleanup.CleanupQueue, reason = ''): Promise<cleanup.PauseQueueResponse> =>
    createPauseQueue(bed.dependencies)({ queue, reason }, callContext());
  const resume = (queue: cleanup.CleanupQueue): Promise<cleanup.ResumeQueueResponse> =>
    createResumeQueue(bed.dependencies)({ queue }, callContext());

  it('pause one queue, and let it go on', async () => {
    const paused = await pause(CleanupQueue.ORPHAN_RECLAIM, 'the bucket moves');
    assert.equal(paused.queue?.queue, CleanupQueue.ORPHAN_RECLAIM);
    assert.equal(paused.queue.state, QueueState.PAUSED);
    assert.equal(paused.queue.stateReason, 'the bucket moves');
    assert.deepEqual([...bed.queues.pausedFor.keys()], ['orphan-reclaim']);
    const resumed = await resume(CleanupQueue.ORPHAN_RECLAIM);
    assert.equal(resumed.queue?.state, QueueState.RUNNING);
    assert.deepEqual([...bed.queues.pausedFor.keys()], []);
  });

  it('may be repeated', async () => {
    for (const _ of [1, 2]) await pause(CleanupQueue.CHANGELOG_CLEANUP, 'why');
    for (const _ of [1, 2]) await resume(CleanupQueue.CHANGELOG_CLEANUP);
    assert.equal(bed.queues.pausedFor.size, 0);
  });

  it('say that a queue that goes on is still held', async () => {
    bed.breaker.state = 'open';
    const { queue } = await resume(CleanupQueue.CHANGELOG_CLEANUP);
    assert.equal(queue?.state, QueueState.HELD);
  });

  it('are written down, with who wanted it', async () => {
    await pause(CleanupQueue.CHANGELOG_CLEANUP, 'the bucket moves');
    await resume(CleanupQueue.CHANGELOG_CLEANUP);
    const who = { requestId: 'request-1', peer: 'ipv4:127.0.0.1:1' };
    const told = bed.audit().map(({ level, message, queue, reason, requestId, peer }) => {
      return { level, message, queue, reason, requestId, peer };
    });
    assert.deepEqual(told, [
      {
        level: 'warn',
        message: 'a queue was paused',
        queue: 'changelog-cleanup',
        reason: 'the bucket moves',
        ...who,
      },
      {
        level: 'warn',
        message: 'a queue was resumed',
        queue: 'changelog-cleanup',
        reason: undefined,
        ...who,
      },
    ]);
  });

  it('refuse a queue that is none, and a reason that is too long, and do nothing', async () => {
    const unknown = 7 as cleanup.CleanupQueue;
    for (const queue of [CleanupQueue.UNSPECIFIED, CleanupQueue.UNRECOGNIZED, unknown]) {
      await assertRefused(pause(queue), 'INVALID_QUEUE', 'queue');
      await assertRefused(resume(queue), 'INVALID_QUEUE', 'queue');
    }
    const tooLong = '\u{1F600}'.repeat(1_001);
    await assertRefused(pause(CleanupQueue.ORPHAN_RECLAIM, tooLong), 'INVALID_BATCH', 'reason');
    assert.equal(bed.queues.pausedFor.size, 0);
    assert.deepEqual(bed.lines, []);
    await pause(CleanupQueue.ORPHAN_RECLAIM, tooLong.slice(2));
  });

  it('say that the queues cannot be reached', async () => {
    bed.queues.before = () => {
      throw queueDown();
    };
    await assert.rejects(pause(CleanupQueue.ORPHAN_RECLAIM), isQueueUnavailable);
    await assert.rejects(resume(CleanupQueue.ORPHAN_RECLAIM), isQueueUnavailable);
    assert.deepEqual(bed.queues.pausedFor.size, 0);
  });

  it('are written down as not known to be paused when the queues answer too late', async () => {
    const queues = { ...bed.queues };
    // They are all the same.
    Object.assign(bed.queues, {
      async pause(...given: Parameters<typeof queues.pause>) {
        await queues.pause(...given);
        throw queueDown();
      },
      async resume(...given: Parameters<typeof queues.resume>) {
        await queues.resume(...given);
        throw queueDown();
      },
    });
    await assert.rejects(pause(CleanupQueue.ORPHAN_RECLAIM, 'why'), isQueueUnavailable);
    assert.equal(bed.queues.pausedFor.get('orphan-reclaim'), 'why');
    await assert.rejects(resume(CleanupQueue.ORPHAN_RECLAIM), isQueueUnavailable);
    assert.deepEqual(
      bed.audit().map(({ message, queue, reason }) => [message, queue, reason]),
      [
        ['a queue may have been paused: outcome unknown', 'orphan-reclaim', 'why'],
        ['a queue may have been resumed: outcome unknown', 'orphan-reclaim', undefined],
      ],
    );
  });
});
