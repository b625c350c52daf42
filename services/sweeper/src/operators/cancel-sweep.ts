import type { sweeper } from '@holdfast/contracts';
import { isSweepRunId, type SweepRunId, type SweepState } from '@holdfast/domain';
import { invalidField, reasonError, type UnaryHandler } from '@holdfast/rpc';
import { createAudit } from './audit.js';
import type { OperatorDependencies } from './dependencies.js';
import { reachQueue } from './sweep-errors.js';
import { stateMessage } from './sweep-messages.js';

interface Cancelled {
  /** Its state until now; `undefined`: nobody knows of the run. */
  readonly state: SweepState | undefined;
  /** It is this call that ends it. */
  readonly isNews: boolean;
}

/** Has a run end at its next step, whichever sweeper it is at; one that has not begun never does. */
export function createCancelSweep(
  dependencies: Pick<OperatorDependencies, 'queue' | 'logger'>,
): UnaryHandler<sweeper.CancelSweepRequest, sweeper.CancelSweepResponse> {
  const { queue } = dependencies;
  const { ledger } = queue;

  async function cancel(runId: SweepRunId): Promise<Cancelled> {
    const state = await ledger.cancel(runId);
    if (state !== undefined) return { state, isNews: state === 'running' };
    if (await queue.remove(runId)) return { state: 'cancelled', isNews: true };
    // It may have begun since.
    const since = await ledger.cancel(runId);
    return { state: since, isNews: since === 'running' };
  }

  return async ({ runId }, context) => {
    if (runId === '') throw invalidField('INVALID_SELECTION', 'run_id', 'is required');
    // What is no id names no run.
    const id = isSweepRunId(runId) ? runId : undefined;
    const { state, isNews = false } = id ? await reachQueue(() => cancel(id)) : {};
    if (id === undefined || state === undefined) {
      throw reasonError('SWEEP_NOT_FOUND', 'there is no run of this id');
    }
    if (isNews) createAudit(dependencies, context).cancelled(id);
    return { state: stateMessage(state) };
  };
}
