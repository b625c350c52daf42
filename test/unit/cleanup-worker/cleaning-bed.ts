import { blobNameOf, changeIdOf, later, type CleanupJob, type DeadLetter } from '@holdfast/domain';
import type { Metrics, ShutdownTime } from '@holdfast/service-kit';
import {
  createCountingIds,
  createManualClock,
  createMemoryCleanupQueue,
  createRowFixtures,
  memoryCleanupQueueDefaults,
  type ManualClock,
  type MemoryCleanupQueue,
} from '@holdfast/testkit';
import assert from 'node:assert/strict';
import {
  createCleaning,
  type Cleaning,
  type CleaningDependencies,
  type CleaningOptions,
} from '../../../services/cleanup-worker/src/cleaning/start-cleaning.js';
import { createListener, metricValue, testMetrics, type LogLine } from '../tiered-store/quiet.js';
import { createFakeStore, nextTurn, type FakeStore } from './fake-store.js';

/** A worker on a queue in memory, with time that passes when the test says so. */
export interface CleaningBed {
  readonly clock: ManualClock;
  readonly queue: MemoryCleanupQueue;
  readonly store: FakeStore;
  readonly cleaning: Cleaning;
  readonly metrics: Metrics;
  readonly lines: readonly LogLine[];
  /** Puts so many jobs of changes on the queue, due at once; answers their ids. */
  addChanges(count: number): Promise<readonly string[]>;
  addBlobs(count: number): Promise<readonly string[]>;
  add(job: CleanupJob, delayMs?: number): Promise<void>;
  /** Lets time pass, in steps so small that nobody who waits notices, or in those given. */
  pass(ms: number, stepMs?: number): Promise<void>;
  /** Lets time pass until it is so. */
  until(isSo: () => boolean | Promise<boolean>): Promise<void>;
  isEmpty(): boolean;
  deadLetters(): Promise<readonly DeadLetter[]>;
  /** How many runs of jobs have ended so. */
  runs(outcome: string, queue?: string): Promise<number | undefined>;
  /** Entries that the store was asked about. */
  asked(): number;
  /** One more worker on the same store, and on the same queue where no other is given. */
  addWorker(other?: Partial<CleaningDependencies>): Cleaning;
  dispose(): Promise<void>;
}

export const cleaningOptions: CleaningOptions = {
  concurrency: 50,
  batchMax: 100,
  backoffMsMax: memoryCleanupQueueDefaults.backoffMsMax,
  breaker: { callsMin: 3, failedMin: 5, openMs: 5_000, openMsMax: 120_000, probesMax: 5 },
};

const stepMs = 500;
const stepsMax = 50_000;
/** Enough for a job to come from the queue, to be called about and to be put back. */
const turnsOfStep = 4;
const lettersMax = 1_000;

export function createCleaningBed(options: Partial<CleaningOptions> = {}): CleaningBed {
  const clock = createManualClock();
  const random = createSpread();
  const ids = createCountingIds(clock);
  const fixtures = createRowFixtures(clock);
  const queue = createMemoryCleanupQueue(memoryCleanupQueueDefaults, { clock, random });
  const store = createFakeStore();
  const metrics = testMetrics();
  const { logger, lines } = createListener();
  const failed = (cause: unknown): void => assert.fail(String(cause));
  const dependencies = { consumer: queue, store, clock, random, logger, metrics, failed };
  const workers: Cleaning[] = [];

  function addWorker(other: Partial<CleaningDependencies> = {}): Cleaning {
    const worker = createCleaning(
      { ...cleaningOptions, ...options },
      { ...dependencies, ...other },
    );
    workers.push(worker);
    worker.begin();
    return worker;
  }

  async function pass(ms: number, step = stepMs): Promise<void> {
    for (let passed = 0; passed < ms; passed += step) {
      clock.advance(Math.min(step, ms - passed));
      for (let turn = 0; turn < turnsOfStep; turn += 1) await nextTurn();
    }
  }

  async function add(job: CleanupJob, delayMs = 0): Promise<void> {
    await queue.enqueue(job, later(clock.now(), delayMs));
  }

  return {
    clock,
    queue,
    store,
    metrics,
    lines,
    cleaning: addWorker(),
    addWorker,
    add,
    pass,
    async addChanges(count) {
      const changes = Array.from({ length: count }, () => changeIdOf(ids.revision()));
      for (const changeId of changes) await add({ kind: 'settle-change', changeId });
      return changes;
    },
    async addBlobs(count) {
      const blobs = Array.from({ length: count }, () =>
        blobNameOf(fixtures.id(), fixtures.revision()),
      );
      for (const blob of blobs) await add({ kind: 'reclaim-blob', blob });
      return blobs;
    },
    async until(isSo) {
      for (let step = 0; step < stepsMax; step += 1) {
        if (await isSo()) return;
        await pass(stepMs);
      }
      assert.fail(`it is not so after ${stepsMax * stepMs} ms`);
    },
    isEmpty() {
      const { waiting, running } = queue.counts();
      return waiting + running === 0;
    },
    deadLetters: async () => (await queue.listDeadLetters(undefined, lettersMax)).letters,
    runs: (outcome, name = 'changelog-cleanup') =>
      metricValue(metrics, `cleanup_jobs_total{queue="${name}",outcome="${outcome}"}`),
    asked: () => store.calls.reduce((sum, entries) => sum + entries.length, 0),
    async dispose() {
      await Promise.all(workers.map((worker) => worker.stop(shutdownTime(0))));
    },
  };
}

/** Not random, and spread all the same; the same for each test, whatever ran before it. */
function createSpread(): () => number {
  let drawn = 1;
  return () => {
    drawn = (drawn * 16_807) % 2_147_483_647;
    return drawn / 2_147_483_647;
  };
}

export function shutdownTime(msMax: number): ShutdownTime {
  const until = performance.now() + msMax;
  return {
    msLeft: () => Math.max(0, until - performance.now()),
    signal: AbortSignal.timeout(msMax),
  };
}
