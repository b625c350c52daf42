import { DomainError, type ChangeId } from '@holdfast/domain';
import type { CallBoard } from './call-board.js';
import type { EngineProcess } from './engine-process.js';
import { simulatedPorts } from './simulated-ports.js';
import type { QueuedJob, Stores } from './stores.js';
import type { Variant } from './variant.js';

/** What cleans up: a worker with a job, or one page of a sweep. */
export type CleanupDuty =
  | { readonly kind: 'work'; readonly job: QueuedJob }
  | { readonly kind: 'settle'; readonly changeId: ChangeId }
  | { readonly kind: 'recover' | 'sweep-orphans' | 'sweep-expired' };

export interface CleanupContext {
  readonly board: CallBoard;
  readonly stores: Stores;
  readonly variant: Variant;
  readonly fail: (what: string) => void;
}

const pageMax = 100;
const jobAttemptsMax = 3;

export function startCleanup(
  duty: CleanupDuty,
  started: EngineProcess,
  context: CleanupContext,
): void {
  void run(duty, started, context).catch((error: unknown) => {
    // A store that fails is met by trying later. Anything else is a bug.
    if (!(error instanceof DomainError)) {
      context.fail(`process ${started.process.index} (${duty.kind}): ${String(error)}`);
    }
  });
}

async function run(
  duty: CleanupDuty,
  started: EngineProcess,
  context: CleanupContext,
): Promise<void> {
  const { engine } = started;
  switch (duty.kind) {
    case 'work':
      return work(duty.job, started, context);
    case 'settle':
      await engine.settleChange({
        changeId: duty.changeId,
        youngChange: 'settle',
        unnamedBlobs: 'delete',
      });
      return;
    case 'recover':
      await engine.recoverChanges({ examinedMax: pageMax });
      return;
    case 'sweep-orphans': {
      const { sweepOrphans } = context.variant;
      if (sweepOrphans === undefined) {
        // Age is only ever caution: the sweep must be right without it.
        await engine.reclaimOrphans({ examinedMax: pageMax, ageMsMin: Number.MIN_SAFE_INTEGER });
        return;
      }
      return sweepOrphans(simulatedPorts(context.board, started.process, context.stores), engine);
    }
    case 'sweep-expired':
      await engine.expireObjects({ examinedMax: pageMax });
      return;
  }
}

/** Takes the job off the queue when it is done, and puts it back a few times when it fails. */
async function work(
  job: QueuedJob,
  { process, engine }: EngineProcess,
  { board, stores, variant }: CleanupContext,
): Promise<void> {
  const { changeId } = job;
  try {
    if (variant.settle === undefined) {
      const request = { changeId, youngChange: 'settle', unnamedBlobs: 'delete' } as const;
      await engine.settleChange(request);
    } else {
      await variant.settle(simulatedPorts(board, process, stores), job);
    }
    stores.jobs.delete(changeId);
  } catch (error) {
    const attempts = job.attempts + 1;
    if (attempts < jobAttemptsMax) stores.jobs.set(changeId, { ...job, attempts });
    else stores.jobs.delete(changeId);
    throw error;
  }
}
