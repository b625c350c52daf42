/**
 * What the worker does now and then, besides cleaning.
 *
 * | duty         | does                                                                              |
 * | ------------ | --------------------------------------------------------------------------------- |
 * | orphan-bytes | has the store count what waits to be freed                                        |
 * | queue-gauges | reads what the queues hold, for whoever scrapes                                   |
 */
import type { Clock } from '@holdfast/domain';
import { runEvery, tellingOnce, type Logger } from '@holdfast/service-kit';
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
