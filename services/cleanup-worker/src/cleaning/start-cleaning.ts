import type { CleanupConsumer, Clock } from '@holdfast/domain';
import type { Logger, Metrics, ShutdownTime } from '@holdfast/service-kit';
import type { MaintenanceStore } from '../store/maintenance-store.js';
import type { BatcherOptions } from './batcher.js';
import { createBreaker, type Breaker, type BreakerOptions } from './breaker.js';
import { createCleaner, type Cleaner } from './cleaner.js';
import { createCleanupHandler } from './create-handler.js';
import { observeBreaker } from './observe-breaker.js';
import { observeJobs, type JobObserver } from './observe-jobs.js';
import { judgeReclaim } from './reclaim-verdict.js';
import { judgeSettle } from './settle-verdict.js';
import { createSparedFailures } from './spared-failures.js';

export interface CleaningOptions {
  /** Jobs of one queue that run at once. */
  readonly concurrency: number;
  readonly batchMax: number;
  /** The longest wait of a job between two attempts. */
  readonly backoffMsMax: number;
  readonly breaker: Omit<BreakerOptions, 'outcomeMsMax'>;
}

export interface CleaningDependencies {
  readonly consumer: Pick<CleanupConsumer, 'work'>;
  readonly store: Pick<MaintenanceStore, 'settle' | 'reclaim'>;
  readonly clock: Clock;
  /** Answers numbers from 0 to less than 1. */
  readonly random: () => number;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Taking jobs has ended although nobody wanted it to. */
  readonly failed: (cause: unknown) => void;
}

/** The working off of the queues. */
export interface Cleaning {
  readonly breaker: Breaker;
  /** Begins to take jobs. Once it has begun, calling it again changes nothing. */
  begin(): void;
  /**
   * Takes no more jobs, and waits for those that run. What takes too long is given up shortly before the
   * time is over, and goes back to its queue; what cannot even do that goes back when its claim lapses.
   */
  stop(time: ShutdownTime): Promise<void>;
}

/** Enough for one to be answered while others are on their way, and few. */
const callsMax = 4;
/**
 * Long enough for jobs that were given out together to share a call, and shorter than a call takes: while
 * one waits for its disk, another one is worked on.
 */
const gatherMs = 3;
/**
 * How long a job's outcome says something about what all of them need: a job that waits for its next
 * attempt has to be remembered until then, and until another one has failed beside it.
 */
const outcomeMsMin = 120_000;
const outcomeBackoffs = 2;
/** Of the time to stop in, for jobs that were given up to be put back; or a quarter of it. */
const putBackMsMax = 1_000;
const putBackShareMax = 0.25;

export function createCleaning(
  { concurrency, batchMax, backoffMsMax, breaker: breakerOptions }: CleaningOptions,
  { consumer, store, clock, random, logger, metrics, failed }: CleaningDependencies,
): Cleaning {
  const stopping = new AbortController();
  const ending = new AbortController();
  const outcomeMsMax = Math.max(outcomeMsMin, outcomeBackoffs * backoffMsMax);
  const breaker = createBreaker({ ...breakerOptions, outcomeMsMax }, { clock, random });
  observeBreaker(breaker, { metrics, logger });
  const observer = observeJobs({ metrics, logger });
  const cleaners = createCleaners(
    { batchMax, callsMax, gatherMs },
    { breaker, observer, store, clock },
  );
  const { signal } = ending;
  const handle = createCleanupHandler({
    ...cleaners,
    breaker,
    spared: createSparedFailures({ clock }),
    clock,
    observer,
    ending: signal,
  });
  let working: Promise<void> | undefined;

  async function work(): Promise<void> {
    try {
      await consumer.work(handle, { concurrency, signal: stopping.signal, hold: breaker });
    } catch (cause) {
      failed(cause);
    }
  }

  function giveUp(): void {
    const reason = new Error('the worker shuts down');
    ending.abort(reason);
    for (const cleaner of Object.values(cleaners)) cleaner.giveUp(reason);
  }

  return {
    breaker,
    begin() {
      if (!stopping.signal.aborted) working ??= work();
    },
    async stop(time) {
      stopping.abort(new Error('the worker shuts down'));
      const msLeft = time.msLeft();
      const patienceMs = msLeft - Math.min(putBackMsMax, msLeft * putBackShareMax);
      const patience = setTimeout(giveUp, patienceMs);
      const isOver = await endsWithin(working, time.signal);
      clearTimeout(patience);
      breaker.close();
      if (!isOver) logger.warn({}, 'jobs are left to the next worker, once their claims lapse');
    },
  };
}

/** Whether it has ended before `signal` aborts. */
async function endsWithin(
  ending: Promise<void> | undefined,
  signal: AbortSignal,
): Promise<boolean> {
  if (ending === undefined) return true;
  const over = new Promise<false>((resolve) => {
    if (signal.aborted) resolve(false);
    signal.addEventListener('abort', () => resolve(false), { once: true });
  });
  return Promise.race([ending.then(() => true), over]);
}

interface CleanersDependencies extends Pick<CleaningDependencies, 'store' | 'clock'> {
  readonly breaker: Breaker;
  readonly observer: JobObserver;
}

function createCleaners(
  options: BatcherOptions,
  { breaker, observer, store, clock }: CleanersDependencies,
): { readonly settle: Cleaner; readonly reclaim: Cleaner } {
  return {
    settle: createCleaner(options, {
      breaker,
      call: (changeIds, signal) => store.settle(changeIds, { signal }),
      judge: (changeId, answer) => judgeSettle(changeId, answer, { clock }),
      sent: (jobs) => observer.sent('settle-change', jobs),
      clock,
    }),
    reclaim: createCleaner(options, {
      breaker,
      call: (blobs, signal) => store.reclaim(blobs, { signal }),
      judge: (blob, answer) => judgeReclaim(blob, answer, { clock }),
      sent: (jobs) => observer.sent('reclaim-blob', jobs),
      clock,
    }),
  };
}
