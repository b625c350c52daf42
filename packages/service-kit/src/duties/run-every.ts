import { assert, type Clock } from '@holdfast/domain';
import type { Logger } from '../logging/logger.js';
import type { Metrics } from '../metrics/metrics.js';

export interface DutyOptions {
  /** For logs and metrics. */
  readonly name: string;
  readonly everyMs: number;
  /** The part of `everyMs` by which each pause differs at random, 0 to 1, so that processes do not run in step. */
  readonly jitter?: number;
  /** After it the signal of the run aborts. */
  readonly runMsMax: number;
  /** Whether the first run begins at once, and not after a pause. */
  readonly atStart?: boolean;
}

export interface DutyDependencies {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics?: Metrics | undefined;
  readonly random?: (() => number) | undefined;
}

export interface BackgroundLoop {
  /** Aborts the run in progress and resolves once it has ended. No other begins. */
  stop(): Promise<void>;
}

const jitterDefault = 0.1;
const timerMsMax = 2 ** 31 - 1;

/**
 * Runs `task` again and again, one run at a time. A run that fails is logged, and the next one comes
 * all the same. A run that goes on although its signal aborted delays the next.
 */
export function runEvery(
  options: DutyOptions,
  task: (signal: AbortSignal) => Promise<void>,
  dependencies: DutyDependencies,
): BackgroundLoop {
  const { name, everyMs, jitter = jitterDefault, runMsMax, atStart = false } = options;
  const { clock, logger, random = Math.random } = dependencies;
  assert(everyMs > 0, 'a duty has a pause');
  assert(runMsMax > 0 && runMsMax <= timerMsMax, 'a run has a time that a timer can hold');
  assert(jitter >= 0 && jitter <= 1, 'a pause differs by a part of itself');
  const stopping = new AbortController();
  const record = createRunRecord(name, dependencies.metrics);

  const pauseMs = (): number => everyMs * (1 + jitter * (2 * random() - 1));

  async function run(): Promise<void> {
    const startedAt = performance.now();
    const ending = new AbortController();
    const stop = (): void => ending.abort(stopping.signal.reason);
    stopping.signal.addEventListener('abort', stop);
    const timer = setTimeout(() => ending.abort(new Error(`over ${runMsMax} ms`)), runMsMax);
    try {
      await task(ending.signal);
      record('done', startedAt);
    } catch (cause) {
      if (stopping.signal.aborted) return;
      record('failed', startedAt);
      logger.warn({ duty: name, cause }, 'a background duty failed');
    } finally {
      clearTimeout(timer);
      stopping.signal.removeEventListener('abort', stop);
    }
  }

  async function loop(): Promise<void> {
    if (!atStart) await clock.sleep(pauseMs(), stopping.signal);
    while (!stopping.signal.aborted) {
      await run();
      await clock.sleep(pauseMs(), stopping.signal);
    }
  }

  const ended = loop();
  return {
    stop() {
      stopping.abort(new Error('stopping'));
      return ended;
    },
  };
}

type RunRecord = (outcome: 'done' | 'failed', startedAt: number) => void;

const secondsBuckets = [0.01, 0.1, 1, 10, 60, 600, 3_600];

function createRunRecord(duty: string, metrics: Metrics | undefined): RunRecord {
  if (metrics === undefined) return () => undefined;
  const runs = metrics.counter('duty_runs_total', 'Runs of background duties, by how they ended', [
    'duty',
    'outcome',
  ]);
  const seconds = metrics.histogram(
    'duty_run_seconds',
    'How long runs of background duties took',
    ['duty'],
    secondsBuckets,
  );
  return (outcome, startedAt) => {
    runs.labels(duty, outcome).add();
    seconds.labels(duty).observe((performance.now() - startedAt) / 1000);
  };
}
