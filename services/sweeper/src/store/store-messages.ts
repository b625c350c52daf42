import { maintenance } from '@holdfast/contracts';
import {
  changeIdOf,
  isBlobName,
  isRevision,
  isTimestamp,
  parseObjectId,
  parseRevision,
  type DueChange,
  type DueChanges,
  type SweepDamage,
  type SweptBlob,
  type SweptBlobs,
  type SweptPage,
  type UndecidedEntry,
  type UsecaseCount,
  type VerifiedObjects,
} from '@holdfast/domain';

const { DamageKind } = maintenance;

/* Answers of the store in the words of the domain. What cannot be read is undecided. */

const unreadable = 'the store told of it in a way that this version cannot read';

export function pageMessage({ pageSize, cursor = '' }: SweptPage): {
  readonly pageSize: number;
  readonly pageToken: string;
} {
  return { pageSize, pageToken: cursor };
}

export function dueChangesOf(answer: maintenance.ListChangesResponse): DueChanges {
  const changes: DueChange[] = [];
  const undecided: UndecidedEntry[] = [...answer.undecided];
  for (const { changeId, objectId } of answer.changes) {
    const usecase = objectId?.usecase;
    if (usecase === undefined || !isRevision(changeId)) {
      undecided.push({ where: changeId, why: unreadable });
    } else {
      changes.push({ changeId: changeIdOf(changeId), usecase });
    }
  }
  return { changes, undecided, next: answer.nextPageToken || undefined };
}

export function sweptBlobsOf(answer: maintenance.ListBlobsResponse): SweptBlobs {
  const blobs: SweptBlob[] = [];
  const undecided: UndecidedEntry[] = [...answer.undecided];
  for (const blob of answer.blobs) {
    const swept = sweptBlobOf(blob);
    if (swept === undefined) undecided.push({ where: blob.name, why: unreadable });
    else blobs.push(swept);
  }
  return { blobs, undecided, next: answer.nextPageToken || undefined };
}

function sweptBlobOf(blob: maintenance.Blob): SweptBlob | undefined {
  const { name, objectId, size } = blob;
  const timeCreated = blob.timeCreated?.getTime() ?? Number.NaN;
  if (objectId === undefined || !isBlobName(name) || !isTimestamp(timeCreated)) return undefined;
  return { name, usecase: objectId.usecase, size: Number(size), timeCreated };
}

export function usecaseCountOf(count: maintenance.UsecaseCount): UsecaseCount {
  const { usecase, examined, removed, freedBytes } = count;
  return {
    usecase,
    examined: Number(examined),
    removed: Number(removed),
    freedBytes: Number(freedBytes),
  };
}

export function verifiedObjectsOf(answer: maintenance.VerifyObjectsResponse): VerifiedObjects {
  const damage: SweepDamage[] = [];
  const undecided: UndecidedEntry[] = [...answer.undecided];
  for (const one of answer.damage) {
    const read = damageOf(one);
    if (read === undefined) undecided.push({ where: placeOf(one), why: one.description });
    else damage.push(read);
  }
  return {
    counts: answer.counts.map(usecaseCountOf),
    verifiedBytes: Number(answer.verifiedBytes),
    damage,
    undecided,
    next: answer.nextPageToken || undefined,
  };
}

const damageKinds: ReadonlyMap<number, SweepDamage['kind']> = new Map([
  [DamageKind.MISSING, 'missing'],
  [DamageKind.WRONG_SIZE, 'wrong-size'],
  [DamageKind.WRONG_CHECKSUM, 'wrong-checksum'],
]);

function damageOf(message: maintenance.Damage): SweepDamage | undefined {
  const { objectId, revision, blob, description } = message;
  const kind = damageKinds.get(message.kind);
  if (objectId === undefined || kind === undefined) return undefined;
  if (blob !== undefined && !isBlobName(blob)) return undefined;
  try {
    return {
      id: parseObjectId(objectId),
      revision: parseRevision(revision),
      blob,
      kind,
      description,
    };
  } catch {
    // Only the parsers can fail here: a newer store may allow more than this version does.
    return undefined;
  }
}

function placeOf({ objectId, revision, blob }: maintenance.Damage): string {
  return blob ?? `${objectId?.usecase ?? ''} ${objectId?.key ?? ''} ${revision}`;
}
