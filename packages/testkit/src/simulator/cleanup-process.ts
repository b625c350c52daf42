import {
  DomainError,
  type ChangeId,
  type SettleRequest,
  type StoragePath,
  type Timestamp,
} from '@holdfast/domain';
import type { CallBoard } from './call-board.js';
import type { EngineProcess } from './engine-process.js';
import type { QueuedJob } from './simulated-queue.js';
import type { Stores } from './stores.js';
import type { Variant } from './variant.js';

/** What cleans up: a worker with a job, or a sweep of the engine's own. */
export type CleanupDuty =
  | { readonly kind: 'work' | 'reclaim'; readonly job: QueuedJob }
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
    case 'reclaim':
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
        return sweepOrphans(started.ports, engine);
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
 * few times when it fails. Out of attempts it is a dead letter.
 */
async function work(
  queued: QueuedJob,
  started: EngineProcess,
  context: CleanupContext,
): Promise<void> {
  // While this one ran the queue may have been flushed, and another enqueued, which is not this worker's.
  const { replace } = context.stores.queue;
  try {
    const notBefore = await clean(queued, started, context);
    const again = { ...queued, attempts: 0, notBefore: notBefore ?? queued.notBefore };
    replace(queued, notBefore === undefined ? undefined : again);
  } catch (error) {
    const attempts = queued.attempts + 1;
    replace(queued, { ...queued, attempts, isDead: attempts === jobAttemptsMax });
    throw error;
  }
}

/** Answers when the job is to run again, if it is. */
async function clean(
  queued: QueuedJob,
  { engine, ports }: EngineProcess,
  { variant }: CleanupContext,
): Promise<Timestamp | undefined> {
  const { job } = queued;
  switch (job.kind) {
    case 'settle-change': {
      if (variant.settle !== undefined) {
        await variant.settle(ports, queued);
        return undefined;
      }
      const settled = await engine.settleChange(settling(job.changeId));
      return settled.kind === 'awaiting-readers' ? settled.until : undefined;
    }
    case 'reclaim-blob':
      // What stays for its readers is on the change log now, and has a job of its own.
      if (variant.reclaim === undefined) await engine.reclaimBlob({ blob: job.blob });
      else await variant.reclaim(ports, job.blob);
      return undefined;
  }
}
