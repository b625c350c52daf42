import {
  DomainError,
  hasCode,
  invalidPageToken,
  limits,
  parsePageToken,
  parseStoragePath,
  type BlobJudgement,
  type BlobName,
  type Clock,
  type ExpiredObjects,
  type ExpiringPage,
  type ReclaimOutcome,
  type StorageEngine,
  type StoragePath,
  type SweptStore,
} from '@holdfast/domain';

/**
 * The engine as sweeps see it, without a wire between them: what the calls of maintenance answer, within
 * the same bounds. For unit tests and for the simulator.
 */
export function sweptStoreOf(
  engine: StorageEngine,
  { clock }: { readonly clock: Clock },
): SweptStore {
  return {
    time: async () => clock.now(),

    async listDueChanges({ pageSize, cursor }, signal) {
      throwIfCancelled(signal);
      const query = { pageSize, pageToken: cursor, dueAt: clock.now() };
      const { changes, undecided, nextPageToken } = await engine.listChanges(query);
      const due = changes.map(({ changeId, objectId: { usecase } }) => ({ changeId, usecase }));
      return { changes: due, undecided, next: nextPageToken };
    },

    async listBlobs({ pageSize, cursor }, signal) {
      throwIfCancelled(signal);
      const page = await engine.listBlobs({ pageSize, pageToken: cursor });
      const blobs = page.blobs.map(({ name, id, size, timeCreated }) => {
        return { name, usecase: id.usecase, size, timeCreated };
      });
      return { blobs, undecided: page.undecided, next: page.nextPageToken };
    },

    async judgeBlobs(blobs, ageMsMin, signal) {
      const judgements: BlobJudgement[] = [];
      for (const blob of blobs) {
        throwIfCancelled(signal);
        judgements.push(await judgeBlob(engine, blob, ageMsMin));
      }
      return judgements;
    },

    expireObjects: (page, signal) => expireObjects(engine, page, signal),

    async verifyObjects({ pageSize, cursor, timeMsMax, bytesMax }, signal) {
      throwIfCancelled(signal);
      const bounds = { pageSize, pageToken: cursor, timeMsMax, bytesMax, signal };
      const { counts, verifiedBytes, damage, undecided, nextPageToken } =
        await engine.verifyObjects(bounds);
      return { counts, verifiedBytes, damage, undecided, next: nextPageToken };
    },
  };
}

async function judgeBlob(
  engine: StorageEngine,
  blob: BlobName,
  ageMsMin: number,
): Promise<BlobJudgement> {
  try {
    return judgementOf(await engine.reclaimBlob({ blob, ageMsMin, dryRun: true }));
  } catch (error) {
    // Each blob is answered by itself.
    return { kind: 'undecided', why: error instanceof Error ? error.message : String(error) };
  }
}

function judgementOf(outcome: ReclaimOutcome): BlobJudgement {
  switch (outcome.kind) {
    case 'reclaimable':
      return { kind: 'orphan' };
    case 'gone-already':
    case 'freed':
      return { kind: 'gone' };
    case 'live':
    case 'young':
      return { kind: outcome.kind };
    case 'owned-by-change':
    case 'awaiting-readers':
      return { kind: 'owned' };
    case 'undecided':
      return { kind: 'undecided', why: 'no write has such a name' };
  }
}

const expireTokenFormat = 'expire-1:';

async function expireObjects(
  engine: StorageEngine,
  { pageSize, cursor, timeMsMax, dryRun }: ExpiringPage,
  signal: AbortSignal,
): Promise<ExpiredObjects> {
  throwIfCancelled(signal);
  const examinedMax = Math.min(pageSize, limits.pageSizeMax);
  const after = afterCursor(cursor);
  const bounds = { after, examinedMax, timeMsMax, dryRun, signal };
  const { counts, failed, undecided, next } = await engine.expireObjects(bounds);
  const left = failed.map(({ id, cause }) => ({ where: id.path, why: String(cause) }));
  return {
    counts,
    undecided: [...left, ...undecided],
    next: next === undefined ? undefined : `${expireTokenFormat}${next}`,
  };
}

function afterCursor(cursor: string | undefined): StoragePath | undefined {
  const path = parsePageToken(cursor, expireTokenFormat);
  if (cursor === undefined || path === undefined) return undefined;
  try {
    return parseStoragePath(path).path;
  } catch (error) {
    throw hasCode(error, 'INVALID_OBJECT_ID') ? invalidPageToken(cursor) : error;
  }
}

function throwIfCancelled(signal: AbortSignal): void {
  if (signal.aborted) throw new DomainError({ code: 'CANCELLED' });
}
