import {
  assert,
  CleanupFailure,
  DomainError,
  later,
  type CleanupConsumer,
  type CleanupHandler,
  type CleanupJob,
  type CleanupJobs,
  type CleanupJobState,
  type CleanupProducer,
  type Clock,
  type Timestamp,
  type WorkOptions,
} from '@holdfast/domain';
import { createBell } from './bell.js';
import type { MemoryCleanupQueueOptions } from './memory-cleanup-queue-options.js';
import { createMemoryDeadLetters, keyOf, type QueuedJob } from './memory-dead-letters.js';

export interface MemoryCleanupQueueDependencies {
  readonly clock: Clock;
  /** Answers numbers from 0 to less than 1. */
  readonly random: () => number;
}

export interface MemoryCleanupQueue extends CleanupProducer, CleanupConsumer, CleanupJobs {
  /** While it is not, every `enqueue` and every look at `states` fails. */
  setAvailable(available: boolean): void;
  /** Forgets every job and dead letter, as a store without a disk does when it restarts. */
  flush(): void;
  counts(): CleanupQueueCounts;
}

export interface CleanupQueueCounts {
  readonly waiting: number;
  readonly running: number;
  readonly dead: number;
}

interface PendingJob {
  readonly queued: QueuedJob;
  readonly dueAt: Timestamp;
  readonly claim?: Claim | undefined;
  /** The job was enqueued once more while it ran: what it has read by then may be too old. */
  readonly againAt?: Timestamp | undefined;
}

interface ClaimedJob extends PendingJob {
  readonly claim: Claim;
}

/** One handler's right to finish a job. A job that is claimed anew has another one. */
interface Claim {
  readonly until: Timestamp;
  readonly lapsed: AbortController;
}

/** How long a worker with nothing to do waits at most before it looks again. */
const idleMsMax = 60_000;
const errorCharactersMax = 1_000;

/**
 * The cleanup queue in memory. The signal that a handler gets aborts when its claim has lapsed; the
 * end of its worker lets it finish.
 */
export function createMemoryCleanupQueue(
  options: MemoryCleanupQueueOptions,
  { clock, random }: MemoryCleanupQueueDependencies,
): MemoryCleanupQueue {
  const pending = new Map<string, PendingJob>();
  const deadLetters = createMemoryDeadLetters();
  const bell = createBell(clock);
  let sequence = 0;
  let available = true;

  function put(queued: QueuedJob, dueAt: Timestamp): void {
    pending.set(keyOf(queued.job), { queued, dueAt });
    bell.ring();
  }

  function putNew(job: CleanupJob, dueAt: Timestamp): void {
    sequence += 1;
    const times = { timeFirstEnqueued: clock.now(), timeLastAttempt: clock.now() };
    put({ sequence, job, ...times, attempts: 0, reason: '', lastError: '' }, dueAt);
  }

  function retryDeadLetter(id: string, notBefore: Timestamp): 'retried' | 'absent' {
    const dead = deadLetters.take(id);
    if (dead === undefined) return 'absent';
    put({ ...dead, attempts: 0 }, notBefore);
    return 'retried';
  }

  function enqueue(job: CleanupJob, dueAt: Timestamp): void {
    if (!available) throw unavailable('it is down');
    if (deadLetters.has(job)) return;
    const present = pending.get(keyOf(job));
    if (present === undefined) {
      if (pending.size + deadLetters.size() >= options.jobsMax) throw unavailable('it is full');
      putNew(job, dueAt);
    } else if (present.claim !== undefined && present.againAt === undefined) {
      pending.set(keyOf(job), { ...present, againAt: dueAt });
    }
  }

  function stateOf(job: CleanupJob): CleanupJobState {
    if (pending.has(keyOf(job))) return 'queued';
    return deadLetters.has(job) ? 'dead-letter' : 'absent';
  }

  function states(jobs: readonly CleanupJob[]): readonly CleanupJobState[] {
    if (!available) throw unavailable('it is down');
    return jobs.map(stateOf);
  }

  function lapseClaims(now: Timestamp): void {
    for (const lapsed of pending.values()) {
      if (lapsed.claim === undefined || lapsed.claim.until > now) continue;
      fail(lapsed, new CleanupFailure('CLAIM_LAPSED', 'its worker did not finish it in time'), 0);
      lapsed.claim.lapsed.abort();
    }
  }

  function claimNext(): ClaimedJob | undefined {
    const now = clock.now();
    lapseClaims(now);
    const due = [...pending.values()].filter((job) => job.claim === undefined && job.dueAt <= now);
    const first = due.toSorted(byDueTime)[0];
    if (first === undefined) return undefined;
    const claimed = {
      queued: { ...first.queued, attempts: first.queued.attempts + 1, timeLastAttempt: now },
      dueAt: first.dueAt,
      claim: { until: later(now, options.claimMs), lapsed: new AbortController() },
    };
    pending.set(keyOf(first.queued.job), claimed);
    return claimed;
  }

  function finish({ queued, againAt }: PendingJob, notBefore: Timestamp | undefined): void {
    pending.delete(keyOf(queued.job));
    if (notBefore !== undefined) put({ ...queued, attempts: 0 }, notBefore);
    else if (againAt !== undefined) putNew(queued.job, againAt);
  }

  function fail({ queued, againAt }: PendingJob, failure: CleanupFailure, delayMs: number): void {
    const { reason, message, isFinal } = failure;
    const failed = { ...queued, reason, lastError: message.slice(0, errorCharactersMax) };
    // A job that was enqueued once more runs again in any case.
    const attemptsMax = isFinal ? 0 : options.attemptsMax;
    if (failed.attempts < attemptsMax) return put(failed, later(clock.now(), delayMs));
    pending.delete(keyOf(queued.job));
    if (againAt === undefined) deadLetters.add(failed);
    else putNew(queued.job, againAt);
  }

  /** Doubles from failure to failure up to the cap; the jitter takes up to half of it away. */
  function backoffMs(attempts: number): number {
    const fullMs = Math.min(options.backoffMs * 2 ** (attempts - 1), options.backoffMsMax);
    return Math.ceil(fullMs * (1 - random() / 2));
  }

  async function run(handle: CleanupHandler, { queued, claim }: ClaimedJob): Promise<void> {
    const ending = await endOf(() => handle(queued.job, claim.lapsed.signal));
    // Whoever lost the claim is not heard any more: the job may be running elsewhere, or be done.
    const current = pending.get(keyOf(queued.job));
    if (current?.claim !== claim) return;
    if (ending instanceof CleanupFailure) fail(current, ending, backoffMs(queued.attempts));
    else finish(current, ending);
  }

  function msToNextEvent(): number {
    const now = clock.now();
    let ms = idleMsMax;
    for (const { claim, dueAt } of pending.values()) {
      ms = Math.min(ms, (claim?.until ?? dueAt) - now);
    }
    return Math.max(0, ms);
  }

  async function work(
    handle: CleanupHandler,
    { concurrency, signal, hold }: WorkOptions,
  ): Promise<void> {
    assert(concurrency >= 1, 'a worker takes at least one job at a time');
    const running = new Set<Promise<void>>();
    const stopListening = hold?.onChange(bell.ring);
    while (!signal.aborted) {
      const isBusy = running.size >= concurrency || hold?.isHeld() === true;
      const claimed = isBusy ? undefined : claimNext();
      if (claimed === undefined) {
        await bell.wait(isBusy ? idleMsMax : msToNextEvent(), signal);
        continue;
      }
      const ending = run(handle, claimed).then(() => {
        running.delete(ending);
        bell.ring();
      });
      running.add(ending);
    }
    stopListening?.();
    await Promise.all(running);
  }

  return {
    enqueue: async (job, notBefore) => enqueue(job, notBefore),
    states: async (jobs) => states(jobs),
    work,
    listDeadLetters: async (cursor, limit) => deadLetters.list(cursor, limit),
    findDeadLetters: async (ids) => deadLetters.find(ids),
    retryDeadLetter: async (id, notBefore = clock.now()) => retryDeadLetter(id, notBefore),
    discardDeadLetter: async (id) => (deadLetters.take(id) === undefined ? 'absent' : 'discarded'),
    setAvailable: (value) => {
      available = value;
    },
    flush: () => {
      pending.clear();
      deadLetters.clear();
    },
    counts: () => {
      const running = [...pending.values()].filter(({ claim }) => claim !== undefined).length;
      return { waiting: pending.size - running, running, dead: deadLetters.size() };
    },
  };
}

function byDueTime(left: PendingJob, right: PendingJob): number {
  return left.dueAt - right.dueAt || left.queued.sequence - right.queued.sequence;
}

async function endOf(
  act: () => Promise<Timestamp | undefined>,
): Promise<Timestamp | CleanupFailure | undefined> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof CleanupFailure) return error;
    return new CleanupFailure('INTERNAL', error instanceof Error ? error.message : String(error));
  }
}

function unavailable(why: string): DomainError {
  return new DomainError({ code: 'TIER_UNAVAILABLE', tier: 'the cleanup queue', why });
}
