import { metric } from './cluster-metrics.js';
import type { ClusterService } from './cluster-service.js';

/** How many runs of jobs have ended so at a worker, since it was started. */
export function jobsEnded(
  worker: ClusterService,
  outcome: 'done' | 'again' | 'held' | 'given-up' | 'failed',
): Promise<number> {
  return metric(worker, 'holdfast_cleanup_jobs_total', { outcome });
}
