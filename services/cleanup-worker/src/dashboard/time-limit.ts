import type { Clock } from '@holdfast/domain';
import { AtCapacityError, createAdmission } from '@holdfast/service-kit';
import type { MiddlewareHandler } from 'hono';
import { refuse, type DashboardEnvironment } from './dashboard-environment.js';

export interface TimeLimitOptions {
  /** For an answer, with the wait for one's turn before that. */
  readonly msMax: number;
  /** What has been given up on counts until it ends. */
  readonly runningMax: number;
  /** So many more wait for their turn. */
  readonly waitingMax: number;
}

/**
 * Answers in time whether or not Redis does. What was begun cannot be stopped and goes on without its
 * caller, so only a little is begun at once.
 */
export function timeLimit(
  { msMax, runningMax, waitingMax }: TimeLimitOptions,
  clock: Clock,
): MiddlewareHandler<DashboardEnvironment> {
  const admission = createAdmission(
    { inFlightMax: runningMax, queueMax: waitingMax, waitMsMax: msMax, bulkShare: 1 },
    { clock },
  );
  const takeTurn = async () => {
    try {
      return await admission.acquire('single');
    } catch (cause) {
      if (cause instanceof AtCapacityError) return undefined;
      throw cause;
    }
  };
  return async (context, next) => {
    const timer = new AbortController();
    const late = clock.sleep(msMax, timer.signal).then(() => 'late' as const);
    try {
      const turn = await takeTurn();
      if (turn === undefined) return refuse(context, 503, 'too much waits for Redis already');
      const done = next().finally(() => turn.release());
      if ((await Promise.race([done, late])) !== 'late') return undefined;
      return refuse(context, 504, `Redis did not answer within ${msMax / 1_000} s`);
    } finally {
      timer.abort();
    }
  };
}
