import type { AskRedis } from './ask-redis.js';
import type { QueuedJob } from './cleanup-worker.js';
import type { JobQueue } from './open-queue.js';
import type { SweepJobHands } from './run-sweep-job.js';
import { scheduledDataOf } from './sweep-job-codec.js';

export interface HandsDependencies {
  readonly queue: JobQueue;
  readonly ask: AskRedis;
}

/** Not over the worker's connection, which waits for Redis for as long as it takes. */
export function createHands(job: QueuedJob, { queue, ask }: HandsDependencies): SweepJobHands {
  const backend = queue.getBackend();
  const whereReached = (act: () => Promise<unknown>): Promise<void> =>
    ask(act).then(
      () => undefined,
      () => undefined,
    );
  return {
    // It is for people to look at: the next one comes soon.
    tell: (progress) => whereReached(() => backend.updateProgress(job.id ?? '', progress)),
    // Without it a run whose worker dies is gone on with later: by the next job of its kind.
    adopt: (run) => whereReached(() => backend.updateData(job, scheduledDataOf(run))),
  };
}
