/**
 * Cleanup within the process, for as long as no queue does it.
 *
 * 1. A job waits in a bounded list until its time has come. One for which there is no room is refused:
 *    its change stays on the log, where a sweep finds it, and that is reported.
 * 2. Every now and then those that are due are taken off and done, a few at a time.
 * 3. One that fails is not tried again here. It too is on the log, and a sweep finds it.
 *
 * The list is lost with the process, which costs nothing but time, for the same reason.
 */
import {
  DomainError,
  type CleanupJob,
  type CleanupProducer,
  type Clock,
  type StorageEngine,
  type Timestamp,
} from '@holdfast/domain';
import type { Logger, Metrics } from '@holdfast/service-kit';

export interface LocalCleanupOptions {
  readonly jobsMax: number;
  readonly concurrency: number;
}

export interface LocalCleanupDependencies {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

export interface LocalCleanup extends CleanupProducer {
  /** Does the jobs that are due, until none is or `signal` aborts. */
  work(engine: CleanupEngine, signal: AbortSignal): Promise<void>;
}

export type CleanupEngine = Pick<StorageEngine, 'settleChange' | 'reclaimBlob'>;

interface WaitingJob {
  readonly job: CleanupJob;
  readonly name: string;
  readonly due: Timestamp;
}

export function createLocalCleanup(
  { jobsMax, concurrency }: LocalCleanupOptions,
  { clock, logger, metrics }: LocalCleanupDependencies,
): LocalCleanup {
  const jobs: WaitingJob[] = [];
  const names = new Set<string>();
  metrics.gauge('cleanup_jobs_waiting', 'Cleanups that wait for their time', () => jobs.length);
  const ended = metrics.counter('cleanup_jobs_total', 'Cleanups, by what became of them', [
    'outcome',
  ]);

  /** Most jobs are due after all others, so the place is looked for from the end. */
  function insert(job: WaitingJob): void {
    let at = jobs.length;
    while (at > 0 && (jobs[at - 1]?.due ?? 0) > job.due) at -= 1;
    jobs.splice(at, 0, job);
    names.add(job.name);
  }

  function takeDue(): readonly WaitingJob[] {
    const now = clock.now();
    let end = 0;
    while (end < concurrency && (jobs[end]?.due ?? Infinity) <= now) end += 1;
    const due = jobs.splice(0, end);
    for (const { name } of due) names.delete(name);
    return due;
  }

  async function run({ job }: WaitingJob, engine: CleanupEngine): Promise<void> {
    try {
      await clean(job, engine);
      ended.labels('done').add();
    } catch (cause) {
      ended.labels('failed').add();
      logger.warn({ job, cause }, 'a cleanup failed and is left to a sweep');
    }
  }

  return {
    async enqueue(job, notBefore) {
      const name = nameOf(job);
      if (names.has(name)) return;
      if (jobs.length >= jobsMax) {
        ended.labels('refused').add();
        const why = `${jobsMax} cleanups are waiting already`;
        throw new DomainError({ code: 'TIER_UNAVAILABLE', tier: 'the cleanup queue', why });
      }
      insert({ job, name, due: notBefore });
    },
    async work(engine, signal) {
      for (let due = takeDue(); due.length > 0; due = takeDue()) {
        await Promise.all(due.map((job) => run(job, engine)));
        if (signal.aborted) return;
      }
    },
  };
}

function nameOf(job: CleanupJob): string {
  return job.kind === 'settle-change' ? job.changeId : job.blob;
}

/** A change is settled although it is young: its writer asked for it, and has ended. */
async function clean(job: CleanupJob, engine: CleanupEngine): Promise<void> {
  switch (job.kind) {
    case 'settle-change': {
      const { changeId } = job;
      await engine.settleChange({
        changeId,
        youngChange: 'settle',
        unnamedBlobs: 'keep-for-readers',
      });
      return;
    }
    case 'reclaim-blob':
      await engine.reclaimBlob({ blob: job.blob });
  }
}
