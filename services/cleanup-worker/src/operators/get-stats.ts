import type { cleanup } from '@holdfast/contracts';
import type { UnaryHandler } from '@holdfast/rpc';
import type { OperatorDependencies } from './dependencies.js';
import { statsMessages } from './queue-messages.js';

/** Who looks at the queues does not wait longer for the store to count. */
const countMsMaxDefault = 3_000;

/** Counts what waits, and what it keeps from being freed. */
export function createGetStats(
  dependencies: Pick<OperatorDependencies, 'queues' | 'breaker' | 'orphanBytes'>,
  countMsMax = countMsMaxDefault,
): UnaryHandler<cleanup.GetStatsRequest, cleanup.GetStatsResponse> {
  const { orphanBytes } = dependencies;
  return async (_request, { signal }) => {
    const patience = AbortSignal.any([signal, AbortSignal.timeout(countMsMax)]);
    const [queues] = await Promise.all([
      statsMessages(dependencies),
      // What was counted before is told with its time, and why there is nothing newer is logged by
      // who counts all the time.
      orphanBytes.refresh(patience).catch(() => undefined),
    ]);
    signal.throwIfAborted();
    const counted = orphanBytes.latest();
    return {
      queues,
      orphanBytes: Array.from(counted?.bytes ?? [], ([usecase, bytes]) => ({ usecase, bytes })),
      orphanBytesTime: counted?.time,
    };
  };
}
