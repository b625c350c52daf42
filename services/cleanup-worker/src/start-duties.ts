/**
 * What the worker does now and then, besides cleaning.
 *
 * | duty         | does                                                                              |
 * | ------------ | --------------------------------------------------------------------------------- |
 * | orphan-bytes | has the store count what waits to be freed                                        |
 * | queue-gauges | reads what the queues hold, for whoever scrapes                                   |
 */
import type { Clock } from '@holdfast/domain';
import { runEvery, type Logger } from '@holdfast/service-kit';
import type { OrphanBytes } from './orphan-bytes.js';

export interface DutiesOptions {
  readonly countEveryMs: number;
}

export interface DutiesDependencies {
  readonly orphanBytes: Pick<OrphanBytes, 'refresh'>;
  readonly refreshQueueGauges: () => Promise<void>;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface Duties {
  /** Begins no run any more, and resolves when none is under way. */
  stop(): Promise<void>;
}

const countMsMax = 60_000;
const gaugesEveryMs = 5_000;
const gaugesMsMax = 5_000;

type Task = (signal: AbortSignal) => Promise<void>;

export function startDuties(
  { countEveryMs }: DutiesOptions,
  { orphanBytes, refreshQueueGauges, clock, logger }: DutiesDependencies,
): Duties {
  const loops = [
    runEvery(
      { name: 'orphan-bytes', everyMs: countEveryMs, runMsMax: countMsMax, atStart: true },
      tellingOnce('what waits to be freed cannot be counted', orphanBytes.refresh, logger),
      { clock, logger },
    ),
    runEvery(
      { name: 'queue-gauges', everyMs: gaugesEveryMs, runMsMax: gaugesMsMax, atStart: true },
      tellingOnce('what the queues hold cannot be read', refreshQueueGauges, logger),
      { clock, logger },
    ),
  ];
  return {
    async stop() {
      await Promise.all(loops.map((loop) => loop.stop()));
    },
  };
}

/** What fails every few seconds is one line, and one more once it does not. */
function tellingOnce(failure: string, task: Task, logger: Logger): Task {
  let isFailing = false;
  return async (signal) => {
    try {
      await task(signal);
      if (isFailing) logger.info({ before: failure }, 'it can be again');
      isFailing = false;
    } catch (cause) {
      if (!isFailing) logger.warn({ cause }, failure);
      isFailing = true;
    }
  };
}
