import { DomainError } from '@holdfast/domain';
import { constants } from 'node:os';

const tierName = 'lmdb';

/** LMDB's own codes, from lmdb.h. */
const mapFull = -30_792;
const badTransaction = -30_782;

const { EDQUOT, EFBIG, EIO, ENOSPC } = constants.errno;

/** What a failed commit means to the operations that were in it. */
export type CommitFailure =
  /** The store has no room for it. */
  | 'full'
  /** It was given up before it could have become visible. */
  | 'without effect'
  | 'unknown';

/**
 * LMDB gives a commit up before its last step, the write of the meta page, unless that step itself
 * fails. `EIO` stands for a failed flush, a failed meta page and also for a full disk, on which a
 * write was cut short: `diskIsFull` tells.
 */
export function classifyCommitFailure(error: unknown, diskIsFull: () => boolean): CommitFailure {
  switch (codeOf(error)) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
    case mapFull:
      return 'full';
    case EIO:
      return diskIsFull() ? 'full' : 'unknown';
    case badTransaction:
      return 'without effect';
    default:
      return 'unknown';
  }
}

/** For a failure of something that had no effect, as a read or the opening of the store. */
export function toFault(error: unknown): DomainError {
  if (error instanceof DomainError) return error;
  const code = codeOf(error);
  const full = code === ENOSPC || code === EDQUOT || code === mapFull || isNamed(error, 'ENOSPC');
  if (full) return storageFull(error);
  return unavailable(error instanceof Error ? error.message : String(error), error);
}

export function storageFull(cause?: unknown): DomainError {
  return new DomainError({ code: 'STORAGE_FULL', tier: tierName }, { cause });
}

export function unavailable(why: string, cause?: unknown): DomainError {
  return new DomainError({ code: 'TIER_UNAVAILABLE', tier: tierName, why }, { cause });
}

export function outcomeUnknown(cause?: unknown): DomainError {
  return new DomainError({ code: 'OUTCOME_UNKNOWN' }, { cause });
}

/** lmdb-js hides what failed a commit behind a promise of its own, which must not go unheard. */
export async function reasonOfFailedCommit(error: unknown): Promise<unknown> {
  if (!(error instanceof Error) || !('commitError' in error)) return error;
  try {
    return (await error.commitError) ?? error;
  } catch (reason) {
    return reason;
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

function isNamed(error: unknown, name: string): boolean {
  return codeOf(error) === name;
}
