import { DomainError } from '@holdfast/domain';
import { constants } from 'node:os';
import { errorNumberOf } from './error-number.js';

const tierName = 'lmdb';

/** LMDB's own codes, from lmdb.h. */
const mapFull = -30_792;
const badTransaction = -30_782;

const { EDQUOT, EFBIG, EIO, ENOSPC } = constants.errno;

/** To try again cannot help, to give the store more room can. */
const fullNumbers: ReadonlySet<unknown> = new Set([ENOSPC, EDQUOT, EFBIG, mapFull]);

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
  const number = errorNumberOf(error);
  if (fullNumbers.has(number)) return 'full';
  if (number === EIO) return diskIsFull() ? 'full' : 'unknown';
  return number === badTransaction ? 'without effect' : 'unknown';
}

/** For a failure of something that had no effect, as a read or the opening of the store. */
export function toFault(error: unknown): DomainError {
  if (error instanceof DomainError) return error;
  if (fullNumbers.has(errorNumberOf(error))) return storageFull(error);
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
