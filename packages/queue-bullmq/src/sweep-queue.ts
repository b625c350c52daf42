import type {
  CleanupJobs,
  Clock,
  SweepKind,
  SweepLedger,
  SweepRun,
  SweepRunId,
} from '@holdfast/domain';
import { createAskRedis } from './ask-redis.js';
import type { QueuedJob, WorkerConnections } from './cleanup-worker.js';
import { connectRedis } from './connect-redis.js';
import { createCleanupJobs } from './find-cleanup-jobs.js';
import { limitReports } from './limit-reports.js';
import { isLostConnection } from './lost-connection.js';
import { openQueue } from './open-queue.js';
import { queueNames } from './queue-names.js';
import type { QueueReport } from './queue-report.js';
import { readQueueStats, type QueueStats } from './queue-stats.js';
import type { RedisOptions } from './redis-options.js';
import type { SweepHandler, SweepJobHands } from './run-sweep-job.js';
import { createHands } from './sweep-job-hands.js';
import { createSweepKeys } from './sweep-keys.js';
import { createSweepLedger } from './sweep-ledger.js';
import { addRun, removeRun } from './sweep-runs-asked.js';
import { addNextSweep, readSchedule, scheduleSweeps } from './sweep-schedule.js';
import { ignoreErrors, watchConnection } from './watch-connection.js';
import { workOnSweeps } from './work-on-sweeps.js';

export interface SweepQueueOptions {
  /** How long the claims of a dead worker on its jobs last at most. */
  readonly claimMs: number;
  /** Jobs done that are kept for the dashboard. 0 keeps none. */
  readonly completedMax: number;
  /** Failed jobs that are kept. */
  readonly failedMax: number;
}

/**
 * The queue `sweep`, and what sweeps have to know of each other and of the cleanup queues. But for `work`
 * everything fails fast, with `TIER_UNAVAILABLE`, while Redis is away.
 */
export interface SweepQueue {
  readonly ledger: SweepLedger;
  /** Of both cleanup queues. */
  readonly jobs: CleanupJobs;
  /** Adds the job of a run; the same run again changes nothing. */
  add(run: SweepRun): Promise<void>;
  /** Takes back the job of a run, if it waits. Answers whether it did: one that is taken up stays. */
  remove(runId: SweepRunId): Promise<boolean>;
  /**
   * Adds a job of the kind as the schedule does, at once; while one that was added so is running, when it
   * has ended. While one waits already it changes nothing.
   */
  addNext(kind: SweepKind): Promise<void>;
  /**
   * Adds a job of the kind every so often, the first one now. Where that is so already it changes
   * nothing. Another interval than before begins at the last job; one that is due stays due.
   */
  schedule(kind: SweepKind, everyMs: number): Promise<void>;
  /** Its jobs: those of scheduled runs wait from when they are due; a dead letter is a run that failed. */
  stats(): Promise<QueueStats<(typeof queueNames)['sweep']>>;
  /** The intervals. Kinds without a schedule are missing: all of them after Redis was flushed. */
  scheduled(): Promise<ReadonlyMap<SweepKind, number>>;
  /**
   * Hands jobs to `handle` until `signal` aborts; resolves when the last running one has ended. A worker
   * that dies loses its claim and the job runs again, so `handle` must be idempotent. Never rejects.
   */
  work(handle: SweepHandler, options: { readonly signal: AbortSignal }): Promise<void>;
  isConnected(): boolean;
  /** Ends all work as if its signal had aborted. */
  close(): Promise<void>;
}

export interface SweepQueueDependencies {
  readonly clock: Clock;
  readonly report: QueueReport;
}

const answerMsMax = 5_000;

/**
 * Connects in the background: Redis may be down, and work begins once it is there. Throws for options
 * that are wrong.
 */
export function openSweepQueue(
  redis: RedisOptions,
  options: SweepQueueOptions,
  { clock, report }: SweepQueueDependencies,
): SweepQueue {
  const { prefix } = redis;
  const client = connectRedis(redis, { kind: 'hasty', answerMsMax });
  const connection = watchConnection(client, report, clock);
  const ask = createAskRedis(client, answerMsMax);
  const queue = openQueue(queueNames.sweep, client, prefix);
  const keys = createSweepKeys(prefix);
  const closing = new AbortController();
  const works = new Set<Promise<void>>();
  const reportFailure = limitReports(report, clock);

  /** What fails because Redis is away has been reported as that. */
  function failed(what: string, cause: unknown): void {
    if (connection.isConnected() && !isLostConnection(cause)) reportFailure(what, cause);
  }

  const handsOf = (job: QueuedJob): SweepJobHands => createHands(job, { queue, ask });

  function connectWorker(): WorkerConnections {
    const main = connectRedis(redis, { kind: 'patient' });
    // By this name the dashboard knows the workers of a queue.
    const blocking = connectRedis(redis, {
      kind: 'patient',
      name: queue.getBackend().clientName(),
    });
    for (const each of [main, blocking]) ignoreErrors(each);
    return { main, blocking };
  }

  async function work(handle: SweepHandler, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    const dependencies = { prefix, connections: connectWorker(), clock, handsOf, failed };
    await workOnSweeps(handle, signal, options, dependencies);
  }

  return {
    ledger: createSweepLedger({
      client,
      ask,
      keys,
      unreadable: (cause) => failed('the reports of sweeps', cause),
    }),
    jobs: createCleanupJobs({ client, ask, prefix }),
    add: (run) => ask(() => addRun(queue, run)),
    remove: (runId) => ask(() => removeRun(client, queue, runId)),
    addNext: (kind) => ask(() => addNextSweep(queue, kind)),
    schedule: (kind, everyMs) => ask(() => scheduleSweeps(client, queue, kind, everyMs)),
    stats: () => ask(() => readQueueStats(client, queueNames.sweep, queue, clock.now())),
    scheduled: () => ask(() => readSchedule(client, queue)),

    work(handle, given) {
      const signal = AbortSignal.any([given.signal, closing.signal]);
      const ending = work(handle, signal).finally(() => works.delete(ending));
      works.add(ending);
      return ending;
    },

    isConnected: connection.isConnected,

    async close() {
      closing.abort();
      await Promise.all(works);
      connection.stop();
      client.disconnect();
    },
  };
}
