import type { SweepRun, SweepRunId } from '@holdfast/domain';
import type { CallContext } from '@holdfast/rpc';
import type { OperatorDependencies } from './dependencies.js';

/** What is written down of what an operator wants: who, and what. */
export interface Audit {
  started(run: SweepRun): void;
  cancelled(runId: SweepRunId): void;
}

export function createAudit(
  { logger }: Pick<OperatorDependencies, 'logger'>,
  { requestId, peer }: CallContext,
): Audit {
  const write = (fields: object, message: string): void =>
    logger.warn({ audit: true, requestId, peer, ...fields }, message);
  return {
    started: ({ runId, request }) => write({ runId, ...request }, 'a sweep was asked for'),
    cancelled: (runId) => write({ runId }, 'a sweep was cancelled'),
  };
}
