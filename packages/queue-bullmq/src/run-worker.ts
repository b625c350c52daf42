import type { WorkHold } from '@holdfast/domain';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CleanupWorker } from './cleanup-worker.js';

const lookAfterMs = 1_000;
/** How long what has been done may take to be written down, at the end. */
const closeMsMax = 2_000;

export interface WorkerCourse {
  readonly signal: AbortSignal;
  /** While it holds, the worker takes no jobs; those that run go on. */
  readonly hold?: WorkHold | undefined;
  /** Resolves when no handler runs. */
  readonly idle: () => Promise<void>;
}

/** Lets a worker work until the signal aborts and all handlers have ended. Never rejects. */
export async function runWorker(
  worker: CleanupWorker,
  { signal, hold, idle }: WorkerCourse,
): Promise<void> {
  worker.on('lockRenewalFailed', (ids) => {
    for (const id of ids) worker.cancelJob(id, 'its claim has lapsed');
  });
  const stopHolding = holdWorker(worker, hold);
  const stopLooking = keepRunning(worker);
  void worker.run();
  await aborted(signal);
  stopLooking();
  stopHolding();
  await closeWorker(worker, idle);
}

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

export interface RunningHandlers {
  track<Arguments extends readonly unknown[], Answer>(
    handle: (...given: Arguments) => Promise<Answer>,
  ): (...given: Arguments) => Promise<Answer>;
  /** Resolves when none runs. What Redis is told of their ends may still be on its way. */
  readonly idle: () => Promise<void>;
}

export function createRunning(): RunningHandlers {
  const all = new Set<Promise<unknown>>();
  return {
    track:
      (handle) =>
      (...given) => {
        const ending = handle(...given);
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
