import { DomainError, hasCode } from '../errors.js';

/** Whether a call to a tier that failed so certainly changed nothing. Everything else may have. */
export function hadNoEffect(error: unknown): boolean {
  return (
    hasCode(error, 'TIER_UNAVAILABLE') ||
    hasCode(error, 'STORAGE_FULL') ||
    hasCode(error, 'UNREADABLE')
  );
}

/**
 * For a step before the commit: whatever became of the step, the operation had no effect, and its
 * caller is told so.
 */
export function withoutEffect(error: unknown, tier: string): unknown {
  if (!hasCode(error, 'OUTCOME_UNKNOWN')) return error;
  const why = 'it did not answer before the commit';
  return new DomainError({ code: 'TIER_UNAVAILABLE', tier, why }, { cause: error });
}

export function outcomeUnknown(cause: unknown): DomainError {
  return new DomainError({ code: 'OUTCOME_UNKNOWN' }, { cause });
}
