import { parseBlobName, type BlobName, type BlobNameParts } from '../blob-name.js';
import type { Change } from '../change.js';
import type { EngineParts } from '../engine/engine-parts.js';
import { hasCode } from '../errors.js';
import { changeIdOf, type ChangeId } from '../revision.js';
import { namedBlob, physicalRevision, type RowHead } from '../row.js';
import type { Timestamp } from '../timestamp.js';
import { freedBlobs } from './blob-fate.js';
import { settleChange } from './settle-change.js';

export interface ReclaimRequest {
  readonly blob: BlobName;
  /**
   * Keep a blob that is younger, or of the future, by this engine's clock. When it is left out the
   * caller has seen to that.
   */
  readonly ageMsMin?: number | undefined;
  /** Only find out what keeps the blob. Nothing is written, and nobody is fenced. */
  readonly dryRun?: boolean | undefined;
  /** What a listing has just told of it. For a dry run: it is then read only if nothing keeps it. */
  readonly known?: KnownBlob | undefined;
}

interface KnownBlob {
  readonly size: number;
  readonly timeCreated: Timestamp;
}

/** Bytes of payload, unless the blob was not looked at. */
interface Looked {
  readonly size: number | undefined;
}

export type ReclaimOutcome =
  | { readonly kind: 'freed'; readonly size: number }
  | { readonly kind: 'gone-already' }
  /** Only in a dry run: nothing keeps it. */
  | ({ readonly kind: 'reclaimable' } & Looked)
  /** Nothing names it. It is on the change log, and may go when that time has come. */
  | ({ readonly kind: 'awaiting-readers'; readonly until: Timestamp } & Looked)
  /** The row names it. */
  | ({ readonly kind: 'live' } & Looked)
  /** A change on the log owns it, and will be settled as such. */
  | ({ readonly kind: 'owned-by-change' } & Looked)
  | ({ readonly kind: 'young' } & Looked)
  /** No write of ours could have made the name. Such a thing is kept. */
  | { readonly kind: 'undecided' };

/**
 * Gets rid of a blob that was found by listing the long-term tier, if nothing names it and nothing
 * ever will. The listing came first: a set of live blobs that was made before it would miss the blobs
 * that were named meanwhile.
 *
 * 1. Take the object and the revision from the name. The change of that write has the same id.
 * 2. Look at the blob, if an age was asked for, and leave it if it is young.
 * 3. Leave it if that change is on the log.
 * 4. Fence that change: a writer that is merely slow can no longer commit this blob.
 * 5. Read the row, and leave the blob if the row names it.
 * 6. Put the change back on the log, and settle it there. It may have been named until a moment ago,
 *    so it stays for its readers like any other.
 *
 * A dry run leaves out 4, and ends before 6.
 */
export async function reclaimBlob(
  engine: EngineParts,
  request: ReclaimRequest,
): Promise<ReclaimOutcome> {
  const parts = parseBlobName(request.blob);
  if (parts === undefined) return { kind: 'undecided' };
  const known = request.dryRun === true ? request.known : undefined;
  const found = await lookAt(engine, request, known);
  if (found !== undefined && 'kind' in found) return found;
  const outcome = await judgeBlob(engine, request, parts, found?.size);
  // Since it was listed, somebody else may have got rid of it.
  if (known !== undefined && outcome.kind === 'reclaimable') return lookAgain(engine, request);
  return outcome;
}

/** What ends it before anything was judged, or what is known of the blob from then on. */
async function lookAt(
  engine: EngineParts,
  { blob, ageMsMin, dryRun = false }: ReclaimRequest,
  known: KnownBlob | undefined,
): Promise<ReclaimOutcome | Looked | undefined> {
  if (!dryRun && ageMsMin === undefined) return undefined;
  const found = known ?? (await headOf(engine, blob));
  if (found === undefined) return { kind: 'gone-already' };
  const { size, timeCreated } = found;
  // A blob of the future is of a negative age: young, whatever was asked for.
  const isYoung = ageMsMin !== undefined && engine.clock.now() - timeCreated < ageMsMin;
  return isYoung ? { kind: 'young', size } : { size };
}

async function lookAgain(engine: EngineParts, { blob }: ReclaimRequest): Promise<ReclaimOutcome> {
  const found = await headOf(engine, blob);
  return found === undefined ? { kind: 'gone-already' } : { kind: 'reclaimable', size: found.size };
}

async function headOf({ longTerm }: EngineParts, blob: BlobName): Promise<KnownBlob | undefined> {
  const found = await longTerm.head(blob);
  return found.kind === 'absent' ? undefined : found.metadata;
}

/** `size` is given along: put in afterwards, it took another object of each of very many. */
async function judgeBlob(
  engine: EngineParts,
  { blob, dryRun = false }: ReclaimRequest,
  { id, revision }: BlobNameParts,
  size: number | undefined,
): Promise<ReclaimOutcome> {
  const { highVolume, changeLog, clock } = engine;
  const changeId = changeIdOf(revision);
  const change = await changeLog.get(changeId);
  if (change !== undefined) return { kind: await keptBeside(engine, change, blob), size };
  if (!dryRun) await highVolume.fence(id, changeId);
  const row = await highVolume.readHead(id, { mayWait: true });
  if (namedBlob(row) === blob) return { kind: 'live', size };
  if (dryRun) {
    const isOwned = await isReplacedBlob(engine, row, blob);
    return { kind: isOwned ? 'owned-by-change' : 'reclaimable', size };
  }
  const deadline = clock.now();
  await changeLog.record({ changeId, objectId: id, newBlob: blob, deadline });
  return settleOrphan(engine, changeId, size);
}

/** Of a blob whose change is on the log: once it has committed, the blob is the row's and not its. */
async function keptBeside(
  { highVolume }: EngineParts,
  { objectId, newBlob }: Change,
  blob: BlobName,
): Promise<'live' | 'owned-by-change'> {
  if (newBlob === blob) return 'owned-by-change';
  return namedBlob(await highVolume.readHead(objectId, { mayWait: true })) === blob
    ? 'live'
    : 'owned-by-change';
}

/**
 * Whether the write that the row shows has the blob on its entry. No safety rests on the answer, so an
 * entry that nobody can read does not keep every other blob of its object.
 */
async function isReplacedBlob(engine: EngineParts, row: RowHead, blob: BlobName): Promise<boolean> {
  const revision = physicalRevision(row);
  if (revision === undefined) return false;
  try {
    return (await engine.changeLog.get(changeIdOf(revision)))?.oldBlob === blob;
  } catch (error) {
    if (hasCode(error, 'UNREADABLE')) return false;
    throw error;
  }
}

async function settleOrphan(
  engine: EngineParts,
  changeId: ChangeId,
  size: number | undefined,
): Promise<ReclaimOutcome> {
  const settled = await settleChange(engine, {
    changeId,
    youngChange: 'settle',
    unnamedBlobs: 'keep-for-readers',
  });
  if (settled.kind === 'awaiting-readers') {
    return { kind: settled.kind, until: settled.until, size };
  }
  const [freed] = 'blobs' in settled ? freedBlobs(settled.blobs) : [];
  return freed === undefined ? { kind: 'gone-already' } : { kind: 'freed', size: freed.size };
}
