/**
 * What the sweeper does now and then, besides sweeping.
 *
 * | duty         | does                                                                               |
 * | ------------ | ---------------------------------------------------------------------------------- |
 * | schedules    | makes sure that each kind of sweep is scheduled: Redis may have lost it            |
 * | queue-gauges | reads what the queue holds, for whoever scrapes                                    |
 */
import type { Clock } from '@holdfast/domain';
import { runEvery, tellingOnce, type Logger } from '@holdfast/service-kit';
import type { Pace } from './sweeping/pace.js';

export interface DutiesDependencies {
  readonly pace: Pick<Pace, 'keep'>;
  readonly refreshQueueGauges: () => Promise<void>;
  readonly isReady: () => boolean;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface Duties {
  /** Redis may be there again: what is due every minute is done now. */
  redisChanged(): void;
  /** Begins no run any more, and resolves when none is under way. */
  stop(): Promise<void>;
}

const schedulesEveryMs = 60_000;
const schedulesMsMax = 30_000;
const gaugesEveryMs = 5_000;
const gaugesMsMax = 5_000;

export function startDuties({
  pace,
  refreshQueueGauges,
  isReady,
  clock,
  logger,
}: DutiesDependencies): Duties {
  let isStopped = false;
  let last = Promise.resolve();

  async function keep(): Promise<void> {
    // That Redis is away is told already.
    if (isReady() && !isStopped) await pace.keep();
  }

  const keepOnce = tellingOnce('sweeps cannot be scheduled', keep, logger);
  /** One after the other: two at once would each see what the other is about to change. */
  const inTurn = (): Promise<void> => {
    last = last.then(keepOnce);
    return last;
  };
  const loops = [
    runEvery({ name: 'schedules', everyMs: schedulesEveryMs, runMsMax: schedulesMsMax }, inTurn, {
      clock,
      logger,
    }),
    runEvery(
      { name: 'queue-gauges', everyMs: gaugesEveryMs, runMsMax: gaugesMsMax, atStart: true },
      tellingOnce('what the queue of sweeps holds cannot be read', refreshQueueGauges, logger),
      { clock, logger },
    ),
  ];
  return {
    redisChanged: () => void inTurn(),
    async stop() {
      isStopped = true;
      await Promise.all(loops.map((loop) => loop.stop()));
      await last;
    },
  };
}
