import type { BlobName } from '../blob-name.js';
import type { Change } from '../change.js';
import type { ObjectId } from '../object-id.js';
import type { ChangeId } from '../revision.js';
import type { RowHead, RowWrite } from '../row.js';

/** One mutation that cannot be a single step on its row. */
export interface ChangePlan<Refusal> {
  readonly id: ObjectId;
  readonly changeId: ChangeId;
  /** A condition was given: losing the race is then a failure and not merely being overwritten. */
  readonly conditional: boolean;
  /** The condition is about an object that is there: should it expire meanwhile, the commit fails. */
  readonly onlyWhileLive?: boolean | undefined;
  /** Why the change must not happen on a row like this, or `undefined`. */
  readonly refuse: (row: RowHead) => Refusal | undefined;
  readonly newBlob?: BlobName | undefined;
  /** Does what comes between the record and the commit, and answers what to commit. */
  readonly prepare: (change: Change) => Promise<RowWrite>;
}

/** The change took effect; it may have been overwritten since. */
export interface Done {
  readonly kind: 'done';
}

/** Cleanup made the commit impossible. The change had no effect and may be tried again. */
export interface Fenced {
  readonly kind: 'fenced';
}

/**
 * How a commit ended, for whoever cleans up:
 * - `committed`: the row held the new content; nothing of this change is needless but its old blob.
 * - `not-committed`: it never will be.
 * - `unknown`: it may have been, and have been read.
 */
export type CommitEnd = 'committed' | 'not-committed' | 'unknown';
