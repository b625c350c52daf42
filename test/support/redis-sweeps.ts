import {
  isRevision,
  noFindings,
  type SweepKind,
  type SweepReport,
  type SweepRequest,
  type SweepRun,
  type SweepRunId,
} from '@holdfast/domain';
import { queueNames, type SweepHandler, type SweepQueue } from '@holdfast/queue-bullmq';
import { systemClock } from '@holdfast/service-kit';
import { createManualClock, createRowFixtures } from '@holdfast/testkit';
import { Queue, type Job } from 'bullmq';
import assert from 'node:assert/strict';
import { waitUntil } from './cluster-wait.js';

export type MakeRun = (request?: Partial<SweepRequest>) => SweepRun;

/** Makes runs that all differ. */
export function createRunFixtures(): MakeRun {
  const make = createRowFixtures(createManualClock());
  return (request) => ({
    runId: runIdOf(make.revision()),
    request: {
      kind: 'expire-objects',
      limit: { entries: 10 },
      dryRun: false,
      fromStart: false,
      ...request,
    },
    timeStarted: systemClock.now(),
  });
}

function runIdOf(text: string): SweepRunId {
  assert.ok(isRevision(text));
  return text as string as SweepRunId;
}

/** What a run of this sort ended with. */
export function endedReport(run: SweepRun, overrides: Partial<SweepReport> = {}): SweepReport {
  const state = { state: 'ended', elapsedMs: 1, findings: noFindings, truncated: false } as const;
  return { ...run, ...state, ...overrides };
}

/** The queue of sweeps as anybody sees it who may write to Redis. */
export interface SweepsInRedis {
  readonly queue: Queue;
  /** Waits until so many jobs have failed, and answers them. */
  failed(count: number): Promise<readonly Job[]>;
  completed(count: number): Promise<readonly Job[]>;
  waiting(count: number): Promise<readonly Job[]>;
  close(): Promise<void>;
}

export function lookAtSweeps({ url }: { readonly url: string }, prefix: string): SweepsInRedis {
  const connection = { url, maxRetriesPerRequest: null };
  const queue = new Queue(queueNames.sweep, { connection, prefix });
  queue.on('error', () => undefined);
  const jobsOf = (state: 'failed' | 'completed' | 'waiting') => (count: number) =>
    waitUntil(
      `${count} jobs are ${state}`,
      () => queue.getJobs([state]),
      (jobs) => jobs.length === count,
    );
  return {
    queue,
    failed: jobsOf('failed'),
    completed: jobsOf('completed'),
    waiting: jobsOf('waiting'),
    close: () => queue.close(),
  };
}

export interface StartedSweeps {
  /** The kinds that were run, in this order. */
  readonly kinds: readonly SweepKind[];
  /** Aborts, and waits until it has ended. */
  stop(): Promise<void>;
}

/** Works until it is stopped. Without a handler every job is done. */
export function startSweeps(
  sweeps: SweepQueue,
  handle: SweepHandler = async () => ({ kind: 'done', summary: {} }),
): StartedSweeps {
  const kinds: SweepKind[] = [];
  const controller = new AbortController();
  const ended = sweeps.work(
    (job, hands, signal) => {
      kinds.push(job.kind);
      return handle(job, hands, signal);
    },
    { signal: controller.signal },
  );
  return {
    kinds,
    async stop() {
      controller.abort();
      await ended;
    },
  };
}

/** A handler that goes on until its signal aborts, and leaves the job to others then. */
export const untilStopped: SweepHandler = (_, __, signal) =>
  new Promise((resolve) => {
    const leave = (): void => resolve({ kind: 'again' });
    if (signal.aborted) leave();
    else signal.addEventListener('abort', leave, { once: true });
  });
