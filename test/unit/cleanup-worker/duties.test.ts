import type { Timestamp } from '@holdfast/domain';
import type { QueueStats } from '@holdfast/queue-bullmq';
import { createManualClock } from '@holdfast/testkit';
import assert from 'node:assert/strict';
import { exportQueues } from '../../../services/cleanup-worker/src/queue/queue-gauges.js';
import { startDuties } from '../../../services/cleanup-worker/src/start-duties.js';
import { createListener, metricValue, testMetrics } from '../tiered-store/quiet.js';
import { nextTurn } from './fake-store.js';

const settle: QueueStats = {
  name: 'changelog-cleanup',
  waiting: 4,
  delayed: 3,
  active: 2,
  deadLetters: 1,
};

function arrangeGauges() {
  const clock = createManualClock();
  const metrics = testMetrics();
  const queues = {
    isConnected: () => isConnected,
    stats: async (): Promise<readonly QueueStats[]> => {
      if (fault !== undefined) throw fault;
      return stats;
    },
  };
  let isConnected = true;
  let fault: Error | undefined;
  let stats: readonly QueueStats[] = [settle];
  const refresh = exportQueues({ queues, metrics, clock });
  const jobs = (state: string): Promise<number | undefined> =>
    metricValue(metrics, `cleanup_queue_jobs{queue="changelog-cleanup",state="${state}"}`);
  return {
    clock,
    metrics,
    refresh,
    jobs,
    disconnect: () => void (isConnected = false),
    fail: (error: Error | undefined) => void (fault = error),
    hold: (...next: QueueStats[]) => void (stats = next),
  };
}

describe('The numbers of the queues', () => {
  it('say how many jobs there are of each state, and how long the oldest has waited', async () => {
    const { clock, metrics, refresh, jobs, hold } = arrangeGauges();
    const oldestWaitingTime = (clock.now() - 90_000) as Timestamp;
    hold({ ...settle, oldestWaitingTime, pausedFor: 'the bucket moves' });
    await refresh();
    const counts = await Promise.all(['waiting', 'delayed', 'active', 'dead'].map(jobs));
    assert.deepEqual(counts, [4, 3, 2, 1]);
    assert.equal(await metricValue(metrics, 'cleanup_queue_oldest_waiting_seconds'), 90);
    assert.equal(await metricValue(metrics, 'cleanup_queue_paused'), 1);
    hold(settle);
    await refresh();
    assert.equal(await metricValue(metrics, 'cleanup_queue_oldest_waiting_seconds'), 0);
    assert.equal(await metricValue(metrics, 'cleanup_queue_paused'), 0);
  });

  it('are none, rather than old ones, while Redis is away', async () => {
    const { metrics, refresh, jobs, disconnect } = arrangeGauges();
    await refresh();
    assert.equal(await metricValue(metrics, 'cleanup_redis_connected'), 1);
    disconnect();
    await refresh();
    assert.equal(await metricValue(metrics, 'cleanup_redis_connected'), 0);
    assert.equal(await jobs('waiting'), undefined);
  });

  it('are none when Redis does not tell them', async () => {
    const { refresh, jobs, fail } = arrangeGauges();
    await refresh();
    fail(new Error('no answer'));
    await assert.rejects(refresh(), /no answer/);
    assert.equal(await jobs('dead'), undefined);
  });
});

describe('The duties of the worker', () => {
  it('begin at once, go on, and say of what fails each time once that it does', async () => {
    const clock = createManualClock();
    const { logger, lines } = createListener();
    let fault: Error | undefined = new Error('no store');
    let counts = 0;
    let reads = 0;
    const duties = startDuties(
      { countEveryMs: 30_000 },
      {
        orphanBytes: {
          refresh: async () => {
            counts += 1;
            if (fault !== undefined) throw fault;
          },
        },
        refreshQueueGauges: async () => void (reads += 1),
        clock,
        logger,
      },
    );
    const pass = async (): Promise<void> => {
      await nextTurn();
      clock.advance(40_000);
      await nextTurn();
    };
    await nextTurn();
    assert.deepEqual([counts, reads], [1, 1]);
    await pass();
    await pass();
    fault = undefined;
    await pass();
    await pass();
    assert.equal(counts, 5);
    assert.ok(reads >= 5);
    assert.deepEqual(
      lines.map(({ level }) => level),
      ['warn', 'info'],
    );
    await duties.stop();
    await pass();
    assert.equal(counts, 5);
  });
});
