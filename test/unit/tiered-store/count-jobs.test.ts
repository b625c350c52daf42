import {
  blobNameOf,
  changeIdOf,
  parseObjectId,
  type CleanupJob,
  type Timestamp,
} from '@holdfast/domain';
import { createCountingIds, createManualClock } from '@holdfast/testkit';
import assert from 'node:assert/strict';
import { countJobs } from '../../../services/tiered-store/src/queue/count-jobs.js';
import { unavailable } from '../../support/engine/situations.js';
import { metricValue, testMetrics } from './quiet.js';

const ids = createCountingIds(createManualClock());
const id = parseObjectId({ usecase: 'test', scopes: [], key: 'a' });
const settle: CleanupJob = { kind: 'settle-change', changeId: changeIdOf(ids.revision()) };
const reclaim: CleanupJob = { kind: 'reclaim-blob', blob: blobNameOf(id, ids.revision()) };
const due = 7 as Timestamp;

describe('The jobs that are queued', () => {
  it('are counted by kind and by what became of them, from 0 on', async () => {
    const metrics = testMetrics();
    const taken: (readonly [CleanupJob, Timestamp])[] = [];
    const faults: Error[] = [];
    const producer = countJobs(
      {
        isConnected: () => faults.length === 0,
        inFlight: () => 3,
        async enqueue(job, notBefore) {
          for (const fault of faults) throw fault;
          taken.push([job, notBefore]);
        },
      },
      metrics,
    );
    const counted = (kind: string, outcome: string): Promise<number | undefined> =>
      metricValue(metrics, `cleanup_jobs_enqueued_total{kind="${kind}",outcome="${outcome}"}`);
    assert.deepEqual(
      [await counted('settle-change', 'refused'), await counted('reclaim-blob', 'enqueued')],
      [0, 0],
    );
    assert.equal(await metricValue(metrics, 'cleanup_redis_connected'), 1);
    assert.equal(await metricValue(metrics, 'cleanup_jobs_in_flight'), 3);

    await producer.enqueue(settle, due);
    await producer.enqueue(reclaim, due);
    assert.deepEqual(taken, [
      [settle, due],
      [reclaim, due],
    ]);
    faults.push(unavailable());
    await assert.rejects(producer.enqueue(settle, due), faults[0]);
    assert.deepEqual(
      [
        await counted('settle-change', 'enqueued'),
        await counted('settle-change', 'refused'),
        await counted('reclaim-blob', 'enqueued'),
        await counted('reclaim-blob', 'refused'),
      ],
      [1, 1, 1, 0],
    );
    assert.equal(await metricValue(metrics, 'cleanup_redis_connected'), 0);
  });
});
