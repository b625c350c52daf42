import {
  blobNameOf,
  changeIdOf,
  type CleanupConsumer,
  type CleanupHandler,
  type CleanupJob,
} from '@holdfast/domain';
import type { BullmqQueues, QueueStats } from '@holdfast/queue-bullmq';
import { createManualClock, createRowFixtures } from '@holdfast/testkit';
import { waitUntil } from './cluster-wait.js';

/** Makes jobs that all differ. */
export interface JobFixtures {
  settle(): CleanupJob;
  reclaim(): CleanupJob;
}

export function createJobFixtures(): JobFixtures {
  const make = createRowFixtures(createManualClock());
  return {
    settle: () => ({ kind: 'settle-change', changeId: changeIdOf(make.revision()) }),
    reclaim: () => ({ kind: 'reclaim-blob', blob: blobNameOf(make.id(), make.revision()) }),
  };
}

export interface StartedWork {
  /** What was run, in this order, as text. */
  readonly runs: readonly string[];
  /** Aborts, and waits until it has ended. */
  stop(): Promise<void>;
}

/** Works until it is stopped. Without a handler every job succeeds. */
export function startWork(
  consumer: CleanupConsumer,
  handle: CleanupHandler = async () => undefined,
  options: { readonly concurrency?: number } = {},
): StartedWork {
  const runs: string[] = [];
  const controller = new AbortController();
  const ended = consumer.work(
    (job, signal) => {
      runs.push(nameOf(job));
      return handle(job, signal);
    },
    { concurrency: 10, ...options, signal: controller.signal },
  );
  return {
    runs,
    async stop() {
      controller.abort();
      await ended;
    },
  };
}

/** Tells a job from all others. */
export function nameOf(job: CleanupJob): string {
  return job.kind === 'settle-change' ? job.changeId : job.blob;
}

/** Waits until nothing waits or runs any more. Dead letters stay. */
export async function drained(queues: BullmqQueues): Promise<readonly QueueStats[]> {
  return waitUntil('the queues are drained', queues.stats, (all) =>
    all.every(({ waiting, delayed, active }) => waiting + delayed + active === 0),
  );
}

/** Waits until so many are dead letters. */
export async function buried(queues: BullmqQueues, count: number): Promise<void> {
  await waitUntil(
    `there are ${count} dead letters`,
    queues.stats,
    (all) => all.reduce((sum, { deadLetters }) => sum + deadLetters, 0) === count,
  );
}

/** A handler that does not answer until it is told to. */
export interface HeldJobs {
  readonly handle: CleanupHandler;
  /** How many have begun. */
  readonly begun: () => number;
  /** Whether the signal of this one, counted from 0, has aborted. */
  readonly isAborted: (index: number) => boolean;
  readonly end: (index: number) => void;
  /** Those that begin from now on, too. */
  readonly endAll: () => void;
}

export function holdJobs(): HeldJobs {
  const held: { readonly signal: AbortSignal; readonly end: () => void }[] = [];
  let isOver = false;
  return {
    handle: (_, signal) =>
      new Promise((resolve) => {
        held.push({ signal, end: () => resolve(undefined) });
        if (isOver) resolve(undefined);
      }),
    begun: () => held.length,
    isAborted: (index) => held[index]?.signal.aborted === true,
    end: (index) => held[index]?.end(),
    endAll() {
      isOver = true;
      for (const { end } of held) end();
    },
  };
}
