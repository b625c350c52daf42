import type { CleanupHandler, Clock, WorkHold } from '@holdfast/domain';
import { backOffMs } from './back-off.js';
import { CleanupWorker, type WorkerConnections } from './cleanup-worker.js';
import { createWriteGatherer } from './gather-writes.js';
import type { QueuesOptions } from './queues-options.js';
import type { CleanupQueueName } from './queue-names.js';
import { reportFullDeadLetters } from './report-full.js';
import { createJobRunner, type JobRunner } from './run-job.js';
import { createRunning, runWorker } from './run-worker.js';
import { claimOptions } from './worker-claims.js';

export interface QueueWork {
  readonly handle: CleanupHandler;
  readonly concurrency: number;
  readonly signal: AbortSignal;
  readonly hold?: WorkHold | undefined;
  readonly jobsPerSecondMax?: number | undefined;
}

export interface QueueWorkDependencies {
  readonly prefix: string;
  readonly connections: WorkerConnections;
  readonly clock: Clock;
  readonly random: () => number;
  /** What goes wrong while Redis is there. */
  readonly failed: (what: string, cause: unknown) => void;
}

const neverAborted = new AbortController().signal;

/** Works on one queue until the signal aborts and all handlers have ended. Never rejects. */
export async function workOnQueue(
  name: CleanupQueueName,
  work: QueueWork,
  options: QueuesOptions,
  dependencies: QueueWorkDependencies,
): Promise<void> {
  const { signal, hold } = work;
  const running = createRunning();
  const run = createJobRunner(name, running.track(work.handle), options, {
    clock: dependencies.clock,
    isLeaving: () => signal.aborted || hold?.isHeld() === true,
    runAgain: (...again) => worker.runAgain(...again),
  });
  const worker = createWorker(name, run, work, options, dependencies);
  await runWorker(worker, { signal, hold, idle: running.idle });
}

function createWorker(
  name: CleanupQueueName,
  run: JobRunner,
  { concurrency, jobsPerSecondMax }: QueueWork,
  options: QueuesOptions,
  { prefix, connections, clock, random, failed }: QueueWorkDependencies,
): CleanupWorker {
  const { claimMs, completedMax, deadLettersMax } = options;
  // Jobs often end together.
  const gatherWrites = createWriteGatherer(connections.main);
  const worker = new CleanupWorker(
    name,
    // It gets a signal because it has three parameters.
    (job, token, signal) => run(job, token ?? '', signal ?? neverAborted).finally(gatherWrites),
    {
      prefix,
      concurrency,
      ...claimOptions(claimMs),
      removeOnComplete: { count: completedMax },
      removeOnFail: { count: deadLettersMax },
      settings: { backoffStrategy: (failures) => backOffMs(options, failures, random) },
      ...(jobsPerSecondMax === undefined
        ? {}
        : { limiter: { max: jobsPerSecondMax, duration: 1_000 } }),
    },
    connections,
  );
  worker.on('error', (error) => failed(`a worker of the queue ${name}`, error));
  reportFullDeadLetters(worker, deadLettersMax, {
    clock,
    failed: (cause) => failed(`the queue ${name}`, cause),
  });
  return worker;
}
