import type { Revision } from './revision.js';
import { type RowHead } from './row.js';

/** What must be true of an object for a write or delete to happen. */
export type WriteCondition =
  { readonly kind: 'if-absent' } | { readonly kind: 'if-revision'; readonly revision: Revision };

export interface PreconditionFailed {
  readonly kind: 'precondition-failed';
  readonly reason: 'REVISION_MISMATCH' | 'OBJECT_EXISTS';
  /** The revision that is there, if an object is. */
  readonly current: Revision | undefined;
}

/** `undefined` when the condition holds on `row`, or when there is none. */
export function failedCondition(
  condition: WriteCondition | undefined,
  row: RowHead,
): PreconditionFailed | undefined {
  if (condition === undefined) return undefined;
  const current = row.kind === 'absent' ? undefined : row.metadata.revision;
  if (condition.kind === 'if-absent') {
    if (current === undefined) return undefined;
    return { kind: 'precondition-failed', reason: 'OBJECT_EXISTS', current };
  }
  if (current === condition.revision) return undefined;
  return { kind: 'precondition-failed', reason: 'REVISION_MISMATCH', current };
}
