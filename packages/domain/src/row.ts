import type { BlobName } from './blob-name.js';
import { isExpired } from './expiration.js';
import type { ObjectMetadata } from './metadata.js';
import type { Revision } from './revision.js';
import type { Timestamp } from './timestamp.js';

/**
 * What the high-volume tier holds for one object. An expired row is `AbsentRow` to every operation;
 * what is physically left of it stays visible in `remains`, because a blob that a row still names
 * may not be taken for an orphan merely by looking at a clock.
 */
export type Row = AbsentRow | InlineRow | TombstoneRow;
/** A row without the payload: what most operations need, and all they should transfer. */
export type RowHead = AbsentRow | InlineHead | TombstoneRow;

export interface AbsentRow {
  readonly kind: 'absent';
  readonly remains?: ExpiredRemains | undefined;
}

export interface ExpiredRemains {
  readonly revision: Revision;
  readonly blob?: BlobName | undefined;
}

export interface InlineHead {
  readonly kind: 'inline';
  readonly metadata: ObjectMetadata;
}

export interface InlineRow extends InlineHead {
  readonly payload: Uint8Array;
}

/** The payload is `blob` in the long-term tier. */
export interface TombstoneRow {
  readonly kind: 'tombstone';
  readonly metadata: ObjectMetadata;
  readonly blob: BlobName;
}

/** What a commit replaces a row's content with. */
export type RowWrite = InlineRow | TombstoneRow | AbsentRow;

export const absentRow: AbsentRow = { kind: 'absent' };

/** What a row that holds `head` is at the time `now`. */
export function headAsOf(head: InlineHead | TombstoneRow | undefined, now: Timestamp): RowHead {
  if (head === undefined) return absentRow;
  if (!isExpired(head.metadata.timeExpires, now)) return head;
  const { revision } = head.metadata;
  const remains = head.kind === 'tombstone' ? { revision, blob: head.blob } : { revision };
  return { kind: 'absent', remains };
}

/** The revision of what is physically there, expired or not. */
export function physicalRevision(row: RowHead): Revision | undefined {
  return row.kind === 'absent' ? row.remains?.revision : row.metadata.revision;
}

/** The blob that is physically named, by a live or by an expired row. */
export function namedBlob(row: RowHead): BlobName | undefined {
  switch (row.kind) {
    case 'absent':
      return row.remains?.blob;
    case 'inline':
      return undefined;
    case 'tombstone':
      return row.blob;
  }
}
