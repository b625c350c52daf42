import { pageSizeMax } from '../limits.js';
import type { CleanupJobs } from '../ports/cleanup-jobs.js';
import type { CleanupJob, CleanupProducer } from '../ports/cleanup-queue.js';
import type { Clock } from '../ports/clock.js';
import type { DueChange, SweptStore } from '../ports/swept-store.js';
import { enqueueJobs } from './enqueue-jobs.js';
import type { SweepDuty } from './sweep-duty.js';
import { keptUndecided, oneKept, oneRemoved } from './sweep-found.js';

interface RecoverChangesDependencies {
  readonly store: SweptStore;
  readonly producer: CleanupProducer;
  readonly jobs: CleanupJobs;
  readonly clock: Clock;
}

/**
 * Finds changes that nobody works on any more. One step:
 *
 * 1. List a page of changes whose deadline has come. The writers of younger ones may be at work.
 * 2. Ask the queue about the job of each. One that is there, a dead letter too, is taken care of.
 * 3. Put the others back on the queue, unless it is a dry run. A job that was put there meanwhile
 *    swallows ours. A queue that refuses ends the step: the page is looked at again.
 *
 * Nothing is settled here: whoever takes the job reads the log anew.
 */
export function createRecoverChangesDuty(dependencies: RecoverChangesDependencies): SweepDuty {
  const { store, jobs } = dependencies;
  return {
    begin: async () => {},

    async step({ dryRun }, cursor, room, signal) {
      const pageSize = Math.min(room.entries, pageSizeMax);
      const { changes, undecided, next } = await store.listDueChanges({ pageSize, cursor }, signal);
      const wanted = changes.map(jobOf);
      const states = wanted.length === 0 ? [] : await jobs.states(wanted);
      const lost = wanted.filter((_, index) => states[index] === 'absent');
      if (!dryRun) await enqueueJobs(lost, dependencies, signal);
      const found = changes.map(({ usecase }, index) =>
        states[index] === 'absent' ? oneRemoved(usecase, 0) : oneKept(usecase, 'owned'),
      );
      const all = [...found, ...keptUndecided(undecided.length)];
      return { found: all, damage: [], undecidedEntries: undecided, next };
    },
  };
}

function jobOf({ changeId }: DueChange): CleanupJob {
  return { kind: 'settle-change', changeId };
}
