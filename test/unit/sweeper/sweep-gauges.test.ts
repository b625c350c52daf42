import { DomainError } from '@holdfast/domain';
import assert from 'node:assert/strict';
import { exportSweepQueue } from '../../../services/sweeper/src/sweeping/sweep-gauges.js';
import { metricValue, testMetrics } from '../tiered-store/quiet.js';

const stats = { name: 'sweep', waiting: 3, delayed: 2, active: 1, deadLetters: 4 } as const;

function arrange() {
  const metrics = testMetrics();
  const redis = { isConnected: true, fault: undefined as Error | undefined };
  const refresh = exportSweepQueue({
    queue: {
      isConnected: () => redis.isConnected,
      stats: async () => {
        if (redis.fault !== undefined) throw redis.fault;
        return stats;
      },
    },
    metrics,
  });
  const jobs = (state: string) => metricValue(metrics, `sweep_queue_jobs{state="${state}"}`);
  return { redis, refresh, jobs };
}

describe('The queue of sweeps, in numbers', () => {
  it('is how many jobs wait, run and have failed', async () => {
    const { refresh, jobs } = arrange();
    await refresh();
    assert.deepEqual(
      [await jobs('waiting'), await jobs('active'), await jobs('failed')],
      [3, 1, 4],
    );
  });

  it('is not known while Redis is away', async () => {
    const { redis, refresh, jobs } = arrange();
    await refresh();
    redis.isConnected = false;
    await refresh();
    assert.equal(await jobs('waiting'), undefined);
  });

  it('is not known when it cannot be read, which whoever asked hears of', async () => {
    const { redis, refresh, jobs } = arrange();
    await refresh();
    redis.fault = new DomainError({ code: 'TIER_UNAVAILABLE', tier: 'Redis', why: 'it is away' });
    await assert.rejects(refresh(), /it is away/);
    assert.equal(await jobs('waiting'), undefined);
  });
});
