import { DomainError } from '@holdfast/domain';
import { constants } from 'node:os';

/** How errors name this tier. */
const tierName = 'file system';

// Numbers, because Node has no name for a quota that is used up. A file that would become too large
// counts as full as well: to try again cannot help, to give the store more room can.
const fullNumbers: ReadonlySet<number> = new Set(
  [constants.errno.ENOSPC, constants.errno.EDQUOT, constants.errno.EFBIG].map(Math.abs),
);

/**
 * What a listing shows of a file or a directory that fails so, instead of failing as a whole: one bad
 * sector must not hide all that follows.
 */
export const undecidedCodes = ['EACCES', 'EPERM', 'EIO', 'ENOTDIR'] as const;

/**
 * The one place that says what an error of the operating system means to the engine. Other errors
 * are bugs and stay what they are.
 */
export function tierError(error: unknown): unknown {
  if (!(error instanceof Error) || !('syscall' in error)) return error;
  if ('errno' in error && fullNumbers.has(Math.abs(Number(error.errno)))) {
    return new DomainError({ code: 'STORAGE_FULL', tier: tierName }, { cause: error });
  }
  return unavailable(error.message, error);
}

export function unavailable(why: string, cause?: unknown): DomainError {
  return new DomainError({ code: 'TIER_UNAVAILABLE', tier: tierName, why }, { cause });
}

/** A file of a format that this version does not know, or that is not ours at all. */
export function unreadable(what: string, why: string, cause?: unknown): DomainError {
  return new DomainError({ code: 'UNREADABLE', what, why }, { cause });
}

/** A file of ours that is not what was written. */
export function damaged(what: string, why: string): DomainError {
  return new DomainError({ code: 'CHECKSUM_MISMATCH', what, why });
}

/** A file of ours that is longer or shorter than what was written. */
export function ofWrongSize(what: string, why: string): DomainError {
  return new DomainError({ code: 'CHECKSUM_MISMATCH', what, why, wrongSize: true });
}

export function hasErrno(error: unknown, ...codes: readonly string[]): error is Error {
  return (
    error instanceof Error &&
    'code' in error &&
    typeof error.code === 'string' &&
    codes.includes(error.code)
  );
}

/** Runs `work` and answers `undefined` if what it works on is not there. */
export async function unlessMissing<Result>(
  work: () => Promise<Result>,
): Promise<Result | undefined> {
  try {
    return await work();
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}
