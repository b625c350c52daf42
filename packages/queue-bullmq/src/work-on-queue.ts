import type { CleanupHandler, Clock, WorkHold } from '@holdfast/domain';
import { setTimeout as sleep } from 'node:timers/promises';
import { backOffMs } from './back-off.js';
import { CleanupWorker, type WorkerConnections } from './cleanup-worker.js';
import { createWriteGatherer } from './gather-writes.js';
import type { QueuesOptions } from './queues-options.js';
import type { CleanupQueueName } from './queue-names.js';
import { reportFullDeadLetters } from './report-full.js';
import { createJobRunner, type JobRunner } from './run-job.js';

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

/**
 * How often a job's claim may lapse before it is a dead letter. A job is not to blame for the workers
 * that died with it, unless it is the one that kills them.
 */
const stalledMax = 300;
/** How soon work goes on after Redis has refused to say what there is to do. */
const retryMs = 1_000;
const lookAfterMs = 1_000;
/** How long what has been done may take to be written down, at the end. */
const closeMsMax = 2_000;
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
  const stopHolding = holdWorker(worker, hold);
  const stopLooking = keepRunning(worker);
  void worker.run();
  await aborted(signal);
  stopLooking();
  stopHolding();
  await closeWorker(worker, running.idle);
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
      // The claim of a dead worker is found at the second look after it has lapsed.
      lockDuration: Math.ceil(claimMs / 2),
      stalledInterval: Math.ceil(claimMs / 4),
      maxStalledCount: stalledMax,
      runRetryDelay: retryMs,
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
  worker.on('lockRenewalFailed', (ids) => {
    for (const id of ids) worker.cancelJob(id, 'its claim has lapsed');
  });
  return worker;
}

/** While it holds, the worker takes no jobs; those that run go on. */
function holdWorker(worker: CleanupWorker, hold: WorkHold | undefined): () => void {
  if (hold === undefined) return () => undefined;
  const follow = (): void => {
    if (hold.isHeld() === worker.isPaused()) return;
    void (hold.isHeld() ? worker.pause(true) : worker.resume());
  };
  follow();
  return hold.onChange(follow);
}

/** A worker that is resumed just as its loop ends for the pause would stand still for ever. */
function keepRunning(worker: CleanupWorker): () => void {
  const timer = setInterval(() => {
    if (!worker.isRunning() && !worker.isPaused()) void worker.run();
  }, lookAfterMs);
  return () => clearInterval(timer);
}

/**
 * 1. Take no more jobs. 2. Wait for the handlers. 3. Give Redis a moment to note what they answered. What
 * it has not noted by then runs again, at another worker, once the claims have lapsed.
 */
async function closeWorker(worker: CleanupWorker, idle: () => Promise<void>): Promise<void> {
  // Its failures are told as events.
  const closed = worker.close().catch(() => undefined);
  await idle();
  const noted = new AbortController();
  const late = sleep(closeMsMax, undefined, { signal: noted.signal }).catch(() => undefined);
  await Promise.race([closed, late]);
  noted.abort();
  worker.abandon();
}

interface Running {
  track(handle: CleanupHandler): CleanupHandler;
  /** Resolves when none runs. What Redis is told of their ends may still be on its way. */
  readonly idle: () => Promise<void>;
}

function createRunning(): Running {
  const all = new Set<Promise<unknown>>();
  return {
    track: (handle) => (job, signal) => {
      const ending = handle(job, signal);
      all.add(ending);
      const forget = (): void => void all.delete(ending);
      ending.then(forget, forget);
      return ending;
    },
    idle: async () => {
      while (all.size > 0) await Promise.allSettled(all);
    },
  };
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
