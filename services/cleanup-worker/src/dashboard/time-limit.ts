import type { Clock } from '@holdfast/domain';
import type { MiddlewareHandler } from 'hono';
import { refuse, type DashboardEnvironment } from './dashboard-environment.js';

export interface TimeLimitOptions {
  readonly msMax: number;
  /** What has been given up on counts until it ends. */
  readonly runningMax: number;
}

/**
 * Answers in time whether or not Redis does. What was begun goes on without its caller; when that has
 * become much, nothing more is begun.
 */
export function timeLimit(
  { msMax, runningMax }: TimeLimitOptions,
  clock: Clock,
): MiddlewareHandler<DashboardEnvironment> {
  let running = 0;
  return async (context, next) => {
    if (running >= runningMax) return refuse(context, 503, 'too much waits for Redis already');
    running += 1;
    const done = next().finally(() => (running -= 1));
    const timer = new AbortController();
    const late = clock.sleep(msMax, timer.signal).then(() => 'late' as const);
    const outcome = await Promise.race([done, late]).finally(() => timer.abort());
    if (outcome !== 'late') return undefined;
    return refuse(context, 504, `Redis did not answer within ${msMax / 1_000} s`);
  };
}
