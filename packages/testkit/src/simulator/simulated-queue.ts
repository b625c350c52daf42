import type {
  Change,
  ChangeId,
  CleanupJob,
  CleanupJobState,
  CleanupJobs,
  CleanupProducer,
  Timestamp,
} from '@holdfast/domain';
import { keyOf } from '../memory-dead-letters.js';

export interface QueuedJob {
  readonly job: CleanupJob;
  readonly attempts: number;
  /** No honest queue hands it out before. */
  readonly notBefore: Timestamp;
  /** Out of attempts: no worker takes it, and it swallows its like until somebody looks at it. */
  readonly isDead: boolean;
  /** What the change was when the job was queued. No honest worker looks at it. */
  readonly hearsay: Change | undefined;
}

/** The cleanup queue without its workers: whoever looks at it decides what becomes of each job. */
export interface SimulatedQueue extends CleanupProducer, CleanupJobs {
  /** All of them, dead letters too. */
  jobs(): readonly QueuedJob[];
  /** Does nothing when that very job is not there any more, whether or not its like is. */
  replace(job: QueuedJob, by: QueuedJob | undefined): void;
  retryDeadLetters(): void;
  /** Forgets everything. */
  flush(): void;
}

export function createSimulatedQueue(
  changeOf: (changeId: ChangeId) => Change | undefined,
): SimulatedQueue {
  const jobs = new Map<string, QueuedJob>();

  function stateOf(job: CleanupJob): CleanupJobState {
    const found = jobs.get(keyOf(job));
    if (found === undefined) return 'absent';
    return found.isDead ? 'dead-letter' : 'queued';
  }

  return {
    async enqueue(job, notBefore) {
      // One that waits swallows its like, and so does one that a worker has.
      if (jobs.has(keyOf(job))) return;
      const hearsay = job.kind === 'settle-change' ? changeOf(job.changeId) : undefined;
      jobs.set(keyOf(job), { job, attempts: 0, notBefore, isDead: false, hearsay });
    },
    states: async (wanted) => wanted.map(stateOf),
    jobs: () => [...jobs.values()],
    replace(job, by) {
      const key = keyOf(job.job);
      if (jobs.get(key) !== job) return;
      if (by === undefined) jobs.delete(key);
      else jobs.set(key, by);
    },
    retryDeadLetters() {
      for (const [key, job] of jobs) {
        if (job.isDead) jobs.set(key, { ...job, attempts: 0, isDead: false });
      }
    },
    flush: () => jobs.clear(),
  };
}
