import { sweepKinds, type Clock } from '@holdfast/domain';
import { CleanupWorker, type QueuedJob, type WorkerConnections } from './cleanup-worker.js';
import { queueNames } from './queue-names.js';
import { createSweepJobRunner, type SweepHandler, type SweepJobHands } from './run-sweep-job.js';
import { createRunning, runWorker } from './run-worker.js';
import type { SweepQueueOptions } from './sweep-queue.js';
import { claimOptions } from './worker-claims.js';

export interface SweepWorkDependencies {
  readonly prefix: string;
  readonly connections: WorkerConnections;
  readonly clock: Clock;
  readonly handsOf: (job: QueuedJob) => SweepJobHands;
  /** What goes wrong while Redis is there. */
  readonly failed: (what: string, cause: unknown) => void;
}

/** Works on the queue `sweep` until the signal aborts and all handlers have ended. Never rejects. */
export async function workOnSweeps(
  handle: SweepHandler,
  signal: AbortSignal,
  options: SweepQueueOptions,
  { prefix, connections, clock, handsOf, failed }: SweepWorkDependencies,
): Promise<void> {
  const running = createRunning();
  const run = createSweepJobRunner(running.track(handle), {
    clock,
    leaving: signal,
    runAgain: (...again) => worker.runAgain(...again),
    handsOf,
  });
  const worker = new CleanupWorker(
    queueNames.sweep,
    // It gets a signal because it has three parameters.
    (job, token, jobSignal) => run(job, token ?? '', jobSignal ?? neverAborted),
    {
      prefix,
      // Of each kind one run is under way, here or elsewhere. The jobs of others end at once, for which
      // there is always one place: somebody may wait to hear that theirs came too late.
      concurrency: sweepKinds.length + 1,
      ...claimOptions(options.claimMs),
      removeOnComplete: { count: options.completedMax },
      removeOnFail: { count: options.failedMax },
    },
    connections,
  );
  worker.on('error', (error) => failed(`a worker of the queue ${queueNames.sweep}`, error));
  await runWorker(worker, { signal, idle: running.idle });
}

const neverAborted = new AbortController().signal;
