import {
  later,
  type CleanupConsumer,
  type CleanupJob,
  type CleanupJobs,
  type CleanupProducer,
  type Timestamp,
  type WorkHold,
} from '@holdfast/domain';
import assert from 'node:assert/strict';

/** A fresh, empty queue and what a test needs to control about it. */
export interface CleanupQueueUnderTest {
  readonly producer: CleanupProducer;
  readonly consumer: CleanupConsumer;
  readonly jobs: CleanupJobs;
  readonly timing: CleanupQueueTiming;
  /** The time by the queue's own clock. */
  now(): Timestamp;
  /**
   * Lets at least `ms` pass. By its end, what was due and had a worker with room for it has been
   * handed out, and what handlers had answered has been taken note of.
   */
  advance(ms: number): Promise<void>;
  /** A process of its own that works on the same queue. */
  openDoomed(): Promise<DoomedProcess>;
  /** From now on the producer cannot reach the queue, nor can `jobs`. */
  takeDown(): Promise<void>;
  close(): Promise<void>;
}

export interface DoomedProcess {
  readonly consumer: CleanupConsumer;
  /** Ends the process without a word to the queue, as far as the queue can tell. */
  die(): Promise<void>;
}

/** How the queue was configured. `stepMs` and `slackMs` say how exactly its clock can be read. */
export interface CleanupQueueTiming {
  /** Time that matters neither to a delay nor to a claim: less than a quarter of either. */
  readonly stepMs: number;
  /** How much later than it should a job may be handed out. */
  readonly slackMs: number;
  readonly attemptsMax: number;
  /** The full wait after the first failure; jitter takes up to half of a wait away. */
  readonly backoffMs: number;
  readonly backoffMsMax: number;
  /** How long the claims of a dead process last at most. */
  readonly claimMs: number;
}

export type OpenCleanupQueue = () => Promise<CleanupQueueUnderTest>;

/** One start of a handler. */
export interface Run {
  readonly job: CleanupJob;
  readonly at: Timestamp;
  /** Ends a run that is held: well, or with the error. */
  end(error?: Error): void;
}

export interface TestWorker {
  readonly runs: readonly Run[];
  /** Resolves once `count` runs have started. */
  started(count: number): Promise<void>;
  /** The run of this number, counted from 0, once it has started. */
  run(index: number): Promise<Run>;
  /** Aborts, lets held runs end well and waits for `work` to resolve. */
  stop(): Promise<void>;
  /** Aborts, and leaves held runs as they are. */
  abort(): void;
  /** What `work` answered. */
  readonly ended: Promise<void>;
}

/** `againAfterMs` asks for one more run. */
export type Answer = 'succeed' | 'hold' | Error | { readonly againAfterMs: number };

export interface TestWorkerOptions {
  readonly concurrency: number;
  readonly answer: (job: CleanupJob) => Answer;
  readonly hold?: WorkHold;
}

/** Steps of a wait for what must happen some time: far more than any test needs. */
const stepsMax = 1_000;

/** Starts `work` with a handler that notes each run and answers as it is told. */
export function startWorker(
  consumer: CleanupConsumer,
  now: () => Timestamp,
  { concurrency, answer, hold }: TestWorkerOptions,
): TestWorker {
  const runs: Run[] = [];
  const waiting = new Set<() => void>();
  const { signal, abort } = abortable();

  function handle(job: CleanupJob): Promise<Timestamp | undefined> {
    return new Promise((resolve, reject) => {
      const end = (error?: Error): void => {
        if (error === undefined) resolve(undefined);
        else reject(error);
      };
      runs.push({ job, at: now(), end });
      for (const wake of waiting) wake();
      const given = signal.aborted ? 'succeed' : answer(job);
      if (given === 'succeed') end();
      else if (given instanceof Error) end(given);
      else if (given !== 'hold') resolve(later(now(), given.againAfterMs));
    });
  }

  async function started(count: number): Promise<void> {
    while (runs.length < count) {
      await new Promise<void>((resolve) => {
        waiting.add(resolve);
      });
    }
  }

  const ended = consumer.work(handle, { concurrency, signal, hold });
  return {
    runs,
    started,
    async run(index) {
      await started(index + 1);
      const run = runs[index];
      assert.ok(run);
      return run;
    },
    async stop() {
      abort();
      for (const run of runs) run.end();
      await ended;
    },
    abort,
    ended,
  };
}

function abortable(): { readonly signal: AbortSignal; readonly abort: () => void } {
  const controller = new AbortController();
  return { signal: controller.signal, abort: () => controller.abort() };
}

/** Lets time pass in steps until `condition` holds. */
export async function advanceUntil(
  queue: CleanupQueueUnderTest,
  condition: () => boolean,
): Promise<void> {
  for (let step = 0; step < stepsMax; step += 1) {
    if (condition()) return;
    await queue.advance(queue.timing.stepMs);
  }
  assert.fail(`it has not happened after ${stepsMax} steps`);
}
