import type { CleanupFailure, CleanupJob } from '@holdfast/domain';
import { queueNames, type CleanupQueueName } from '@holdfast/queue-bullmq';
import {
  createLineLimit,
  type CounterSeries,
  type HistogramSeries,
  type Logger,
  type Metrics,
} from '@holdfast/service-kit';

/** How a run of a job ended, besides badly. */
export type RunOutcome =
  /** It is cleaned. */
  | 'done'
  /** Its time has not come. */
  | 'again'
  /** The breaker kept it back. It runs again later, as if it had not run. */
  | 'held'
  /** The process ends. It is anybody's. */
  | 'given-up';

/** One run of a job. */
export interface ObservedJob {
  ended(outcome: RunOutcome): void;
  failed(failure: CleanupFailure): void;
}

/** What a worker tells about its jobs. */
export interface JobObserver {
  began(job: CleanupJob): ObservedJob;
  /** A call to the store, for so many jobs. */
  sent(kind: CleanupJob['kind'], jobs: number): void;
}

export interface JobObserverDependencies {
  readonly metrics: Metrics;
  readonly logger: Logger;
}

const queueOf: Readonly<Record<CleanupJob['kind'], CleanupQueueName>> = {
  'settle-change': queueNames.settle,
  'reclaim-blob': queueNames.reclaim,
};

const secondsBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const entriesBuckets = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000];
/** Failures come in floods until the breaker opens. What is said beyond this is counted only. */
const failureLinesPerSecondMax = 10;

interface QueueSeries {
  readonly outcomes: Readonly<Record<RunOutcome | 'failed', CounterSeries>>;
  readonly seconds: HistogramSeries;
  readonly entries: HistogramSeries;
}

/** Counts every run, and tells the log of those that failed. */
export function observeJobs({ metrics, logger }: JobObserverDependencies): JobObserver {
  const seriesOf = {
    'settle-change': seriesFor(queueOf['settle-change'], metrics),
    'reclaim-blob': seriesFor(queueOf['reclaim-blob'], metrics),
  };
  const mayLog = createLineLimit(failureLinesPerSecondMax);

  function logFailure(job: CleanupJob, { reason, message }: CleanupFailure): void {
    const unsaid = mayLog();
    if (unsaid === undefined) return;
    const more = unsaid > 0 ? { unsaid } : {};
    logger.warn({ ...job, reason, why: message, ...more }, 'a cleanup failed');
  }

  return {
    began(job) {
      const { outcomes, seconds } = seriesOf[job.kind];
      const startedAt = performance.now();
      const took = (): void => seconds.observe((performance.now() - startedAt) / 1_000);
      return {
        ended(outcome) {
          outcomes[outcome].add();
          if (outcome !== 'held') took();
        },
        failed(failure) {
          outcomes.failed.add();
          took();
          logFailure(job, failure);
        },
      };
    },
    sent: (kind, jobs) => seriesOf[kind].entries.observe(jobs),
  };
}

/** All series are made at once, so that a dashboard shows zeros and not gaps. */
function seriesFor(queue: CleanupQueueName, metrics: Metrics): QueueSeries {
  const runs = metrics.counter(
    'cleanup_jobs_total',
    'Runs of cleanup jobs: done, failed, again (its time had not come), held (its needs are unwell for all), given-up (the worker had to end)',
    ['queue', 'outcome'],
  );
  return {
    outcomes: {
      done: runs.labels(queue, 'done'),
      again: runs.labels(queue, 'again'),
      held: runs.labels(queue, 'held'),
      'given-up': runs.labels(queue, 'given-up'),
      failed: runs.labels(queue, 'failed'),
    },
    seconds: metrics
      .histogram(
        'cleanup_job_seconds',
        'How long runs of jobs took, those that were held left out',
        ['queue'],
        secondsBuckets,
      )
      .labels(queue),
    entries: metrics
      .histogram(
        'cleanup_call_entries',
        'Jobs that shared a call to the tiered store',
        ['queue'],
        entriesBuckets,
      )
      .labels(queue),
  };
}
