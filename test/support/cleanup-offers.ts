import { changeIdOf, isBlobName, type CleanupJob } from '@holdfast/domain';
import { openCleanupProducer, producerDefaults, redisPrefixDefault } from '@holdfast/queue-bullmq';
import { createRevisionIds, systemClock as clock } from '@holdfast/service-kit';
import { waitUntil } from './cluster-wait.js';
import type { QueueCluster } from './cluster.js';

const jobsAtOnce = 2_000;

/** Puts jobs on the queues, as a store or a sweeper does it. */
export async function offerJobs(
  { redis }: Pick<QueueCluster, 'redis'>,
  jobs: readonly CleanupJob[],
): Promise<void> {
  const report = { connected: noReport, disconnected: noReport, failed: noReport };
  const options = { url: redis.url, prefix: redisPrefixDefault };
  const producer = openCleanupProducer(options, producerDefaults, { clock, report });
  await waitUntil('the producer is connected', producer.isConnected, (isUp) => isUp);
  for (let at = 0; at < jobs.length; at += jobsAtOnce) {
    const some = jobs.slice(at, at + jobsAtOnce);
    await Promise.all(some.map((job) => producer.enqueue(job, clock.now())));
  }
  await producer.close();
}

/** For changes that somebody has settled already. */
export function settledChanges(count: number): readonly CleanupJob[] {
  const ids = createRevisionIds(clock);
  return Array.from({ length: count }, () => {
    return { kind: 'settle-change', changeId: changeIdOf(ids.revision()) };
  });
}

export function reclaimOf(blob: string): CleanupJob {
  if (!isBlobName(blob)) throw new Error(`${blob} names no blob`);
  return { kind: 'reclaim-blob', blob };
}

function noReport(): void {}
