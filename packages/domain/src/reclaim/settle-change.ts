import type { BlobName } from '../blob-name.js';
import type { Change } from '../change.js';
import type { EngineParts } from '../engine/engine-parts.js';
import { revisionOf, type ChangeId } from '../revision.js';
import { namedBlob, physicalRevision, type RowHead } from '../row.js';
import { later, type Timestamp } from '../timestamp.js';
import { lookUpBlob, removeBlob, type BlobFate } from './blob-fate.js';
import { keepForReaders } from './keep-for-readers.js';

export interface SettleRequest {
  readonly changeId: ChangeId;
  /** What to do while the change's deadline has not come: its writer may be at work. */
  readonly youngChange: 'keep' | 'settle';
  /**
   * Blobs that the row does not name may have been named until a moment ago. `delete` is for callers
   * who know that nobody reads them.
   */
  readonly unnamedBlobs: 'keep-for-readers' | 'delete';
  /** Only find out what would become of the change. Nothing is written, and nobody is fenced. */
  readonly dryRun?: boolean | undefined;
  /** Hears of the change as the log has it, also where it then cannot be settled. */
  readonly found?: ((change: Change) => void) | undefined;
}

export type SettleOutcome =
  /** Nothing is left to do: somebody has settled it, or it never was recorded. */
  | { readonly kind: 'already-resolved' }
  | { readonly kind: 'still-young'; readonly deadline: Timestamp }
  /** It can no longer commit. Its unnamed blobs stay on the log, and may go when that time has come. */
  | {
      readonly kind: 'awaiting-readers';
      readonly until: Timestamp;
      readonly blobs: readonly BlobFate[];
    }
  /** The row shows what the change wrote. */
  | { readonly kind: 'committed'; readonly blobs: readonly BlobFate[] }
  /** It does not: somebody else wrote, or the change never committed. */
  | { readonly kind: 'superseded'; readonly blobs: readonly BlobFate[] };

/**
 * Finishes a change, by whomever, whenever, as often as they like, also while its writer is at work.
 *
 * 1. Read the entry from the log. It is the truth; what a job says about the change is not.
 * 2. Fence: from here on the change has committed or it never will.
 * 3. Read the row. A blob that it does not name now, it never will again. One that it does name is not
 *    this change's to delete any more: whoever replaces it has it on an entry of their own.
 * 4. The other blobs may have been named until a moment ago: write down until when they stay for their
 *    readers, and end here.
 * 5. Once that time has come, delete them.
 * 6. Remove the entry from the log.
 *
 * Any error, an unreadable row among them, ends it where it is and keeps the entry: a later settle
 * begins again, and every step may be repeated. A dry run only reads in each of the steps, so what it
 * says of a change whose writer is at work holds for as long as that writer does nothing.
 */
export async function settleChange(
  engine: EngineParts,
  request: SettleRequest,
): Promise<SettleOutcome> {
  const { highVolume, changeLog, clock } = engine;
  const { dryRun = false } = request;
  const change = await changeLog.get(request.changeId);
  if (change === undefined) return { kind: 'already-resolved' };
  request.found?.(change);
  const { deadline } = change;
  const young = deadline > clock.now();
  if (young && request.youngChange === 'keep') return { kind: 'still-young', deadline };

  if (!dryRun) await highVolume.fence(change.objectId, change.changeId);
  const row = await highVolume.readHead(change.objectId, { mayWait: true });
  const needless = withoutNamed(change, row);
  const until = readersUntil(engine, needless);
  if (until !== undefined && request.unnamedBlobs === 'keep-for-readers') {
    const isNoted = change.readersUntil !== undefined;
    if (!isNoted && !dryRun) await keepForReaders(engine, needless, until);
    const blobs = await fatesOf(change, row, async (blob) => awaitingReaders(blob));
    return { kind: 'awaiting-readers', until, blobs };
  }
  const blobs = await fatesOf(change, row, (blob) =>
    dryRun ? lookUpBlob(engine, blob) : removeBlob(engine, blob),
  );
  if (!dryRun) await changeLog.remove(change.changeId);
  return { kind: tookEffect(change, row) ? 'committed' : 'superseded', blobs };
}

function withoutNamed(change: Change, row: RowHead): Change {
  const named = namedBlob(row);
  return {
    ...change,
    newBlob: change.newBlob === named ? undefined : change.newBlob,
    oldBlob: change.oldBlob === named ? undefined : change.oldBlob,
  };
}

/** Until when the blobs have to stay; `undefined` when they may go now, or there are none. */
function readersUntil(engine: EngineParts, needless: Change): Timestamp | undefined {
  if (needless.newBlob === undefined && needless.oldBlob === undefined) return undefined;
  const now = engine.clock.now();
  const until = needless.readersUntil ?? later(now, engine.options.readerGraceMs);
  return until > now ? until : undefined;
}

/** Deals with the change's blobs one after the other; those that the row names stay. */
async function fatesOf(
  change: Change,
  row: RowHead,
  dealWith: (needless: BlobName) => Promise<BlobFate>,
): Promise<BlobFate[]> {
  const fates: BlobFate[] = [];
  for (const blob of [change.newBlob, change.oldBlob]) {
    if (blob === undefined) continue;
    fates.push(blob === namedBlob(row) ? liveBlob(blob, row) : await dealWith(blob));
  }
  return fates;
}

function liveBlob(blob: BlobName, row: RowHead): BlobFate {
  return { blob, state: 'live', size: row.kind === 'tombstone' ? row.metadata.size : 0 };
}

function awaitingReaders(blob: BlobName): BlobFate {
  return { blob, state: 'awaiting-readers', size: 0 };
}

function tookEffect(change: Change, row: RowHead): boolean {
  const revision = physicalRevision(row);
  if (revision === revisionOf(change.changeId)) return true;
  // Only a removal replaces a blob by nothing.
  return change.newBlob === undefined && revision === undefined;
}
