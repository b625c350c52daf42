import { DomainError, type ChangeId, type SettleRequest, type StoragePath } from '@holdfast/domain';
import type { CallBoard } from './call-board.js';
import type { EngineProcess } from './engine-process.js';
import { simulatedPorts } from './simulated-ports.js';
import type { QueuedJob, Stores } from './stores.js';
import type { Variant } from './variant.js';

/** What cleans up: a worker with a job, or one page of a sweep. */
export type CleanupDuty =
  | { readonly kind: 'work'; readonly job: QueuedJob }
  | { readonly kind: 'settle'; readonly changeId: ChangeId }
  | { readonly kind: 'recover' | 'offer' | 'sweep-orphans' | 'sweep-expired' };

export interface CleanupContext {
  readonly board: CallBoard;
  readonly stores: Stores;
  readonly variant: Variant;
  readonly pageMax: number;
  readonly fail: (what: string) => void;
}

/** No plan has so much to sweep that it takes more pages of one entry. */
const pagesMax = 100;
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
  const examinedMax = context.pageMax;
  switch (duty.kind) {
    case 'work':
      return work(duty.job, started, context);
    case 'settle':
      await engine.settleChange(settling(duty.changeId));
      return;
    case 'recover':
      return eachPage<ChangeId>((after) => engine.recoverChanges({ after, examinedMax }));
    case 'offer':
      return eachPage<ChangeId>((after) => engine.offerChanges({ after, examinedMax }));
    case 'sweep-orphans': {
      const { sweepOrphans } = context.variant;
      if (sweepOrphans !== undefined) {
        return sweepOrphans(simulatedPorts(context.board, started.process, context.stores), engine);
      }
      // Age is only ever caution: the sweep must be right without it.
      const ageMsMin = Number.MIN_SAFE_INTEGER;
      return eachPage<string>((cursor) => engine.reclaimOrphans({ cursor, examinedMax, ageMsMin }));
    }
    case 'sweep-expired':
      return eachPage<StoragePath>((after) => engine.expireObjects({ after, examinedMax }));
  }
}

/** Whoever settles may come at any time: a job says that there is work, and not that it is due. */
function settling(changeId: ChangeId): SettleRequest {
  return { changeId, youngChange: 'settle', unnamedBlobs: 'keep-for-readers' };
}

async function eachPage<Cursor>(
  sweep: (cursor: Cursor | undefined) => Promise<{ readonly next?: Cursor | undefined }>,
): Promise<void> {
  let cursor: Cursor | undefined;
  for (let pages = 0; pages < pagesMax; pages += 1) {
    cursor = (await sweep(cursor)).next;
    if (cursor === undefined) return;
  }
  throw new Error('a sweep does not come to its end');
}

/**
 * Takes the job off the queue when it is done, puts it off when readers have their time, and tries it a
 * few times when it fails.
 */
async function work(
  job: QueuedJob,
  { process, engine }: EngineProcess,
  { board, stores, variant }: CleanupContext,
): Promise<void> {
  const { changeId } = job;
  // While this one ran the queue may have been flushed, and another enqueued, which is not this worker's.
  const end = (again: QueuedJob | undefined): void => {
    if (stores.jobs.get(changeId) !== job) return;
    if (again === undefined) stores.jobs.delete(changeId);
    else stores.jobs.set(changeId, again);
  };
  try {
    if (variant.settle === undefined) {
      const settled = await engine.settleChange(settling(changeId));
      const isPutOff = settled.kind === 'awaiting-readers';
      end(isPutOff ? { ...job, attempts: 0, notBefore: settled.until } : undefined);
    } else {
      await variant.settle(simulatedPorts(board, process, stores), job);
      end(undefined);
    }
  } catch (error) {
    const attempts = job.attempts + 1;
    end(attempts < jobAttemptsMax ? { ...job, attempts } : undefined);
    throw error;
  }
}
