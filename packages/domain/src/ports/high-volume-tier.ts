import type { BlobName } from '../blob-name.js';
import type { ObjectMetadata } from '../metadata.js';
import type { ObjectId, StoragePath, StoragePrefix } from '../object-id.js';
import type { ChangeId, Revision } from '../revision.js';
import type { InlineRow, Row, RowHead, RowWrite } from '../row.js';
import type { Timestamp } from '../timestamp.js';

/**
 * The table: one row per object, and the only place where a write commits.
 *
 * Atomicity: every method that takes an `ObjectId` is atomic on that row and linearizable with all
 * others on it, across processes.
 * Durability: a method that changes a row resolves only when the change would survive the loss of
 * power, and a read never shows what would not.
 * Expiry: a row whose `timeExpires` has come reads as absent at that instant, whatever is left of it.
 * Intents: a row remembers `ChangeId`s, at most `intentsPerRowMax`; one more removes the oldest.
 * Every content change (put, delete, commit) removes all intents, so an intent that is present means
 * that nothing was written here since it was added and that nobody fenced it.
 * Idempotency: the adapter sends each changing call once. It does not repeat one whose outcome it
 * does not know: a repeated write could undo another's.
 * Failure: `TIER_UNAVAILABLE` or `STORAGE_FULL` when the call certainly had no effect,
 * `OUTCOME_UNKNOWN` when it may have had one, or may yet have. `UNREADABLE` for a row of a format
 * this version does not know; such a row is never changed.
 * Ownership: bytes passed in are not modified afterwards by the caller; bytes passed out are the
 * caller's.
 */
export interface HighVolumeTier {
  /** The row with its inline payload. */
  read(id: ObjectId): Promise<Row>;

  /**
   * The row without payload; never transfers one. With `mayWait` it may wait for a moment, so that those
   * who ask for many rows side by side share a call.
   */
  readHead(id: ObjectId, options?: { readonly mayWait: boolean }): Promise<RowHead>;

  /**
   * Replaces the row's content and removes all intents, unless the row holds a tombstone: then it
   * changes nothing. An expired tombstone counts for as long as the store still holds it, so that
   * its blob is cleaned up by a change.
   */
  putInline(id: ObjectId, object: InlineRow): Promise<'stored' | 'tombstone'>;

  /** Removes the row's content and all intents, with the same exception as `putInline`. */
  deleteInline(id: ObjectId): Promise<'deleted' | 'tombstone'>;

  /** Adds the intent. Called at most once per `changeId`. */
  begin(id: ObjectId, changeId: ChangeId): Promise<void>;

  /**
   * If the intent is present: replaces the row's content and removes all intents. Otherwise changes
   * nothing and answers `refused`. With `onlyWhileLive` it also refuses on a row without content, or
   * whose content has expired by now; then the intent stays. Called at most once per `changeId`.
   */
  commit(
    id: ObjectId,
    changeId: ChangeId,
    write: RowWrite,
    onlyWhileLive?: boolean,
  ): Promise<'committed' | 'refused'>;

  /** Removes the intent if it is there. Idempotent; after it no `commit` of `changeId` can succeed. */
  fence(id: ObjectId, changeId: ChangeId): Promise<void>;

  /**
   * Moves the expiry of a live row forward, if it still is at `revision`. Content and intents stay.
   * Answers `unchanged` when the revision differs, the row has expired or the expiry is later already.
   * For rows of the policy `tti`: that of other inline rows may be where it cannot be moved, and then
   * they stay unchanged.
   */
  extend(
    id: ObjectId,
    revision: Revision,
    timeExpires: Timestamp,
  ): Promise<'extended' | 'unchanged'>;

  /**
   * Live objects whose storage path begins with `prefix`, in the order of the path's UTF-8 bytes,
   * beginning after `after`. Each row is shown as it was at one moment during the call, though not
   * all rows as of the same one. A page may hold fewer than `limit` objects, even none, and still
   * have a `next`.
   */
  list(prefix: StoragePrefix, after: StoragePath | undefined, limit: number): Promise<ObjectPage>;

  /**
   * Looks at up to `examinedMax` rows in path order after `after`, of every usecase, and shows what
   * they physically hold: also those that have expired and are still there. Rows of nothing but
   * intents are none to it.
   */
  listRows(after: StoragePath | undefined, examinedMax: number): Promise<RowPage>;
}

export interface ListedObject {
  readonly id: ObjectId;
  readonly metadata: ObjectMetadata;
}

export interface ObjectPage {
  readonly objects: readonly ListedObject[];
  /** Rows that cannot be read. They are left out, and named so that somebody looks at them. */
  readonly undecided: readonly StoragePath[];
  /** Pass it as `after` for what follows; absent at the end. */
  readonly next?: StoragePath | undefined;
}

/** What a row physically holds, without an inline payload. */
export interface ListedRow extends ListedObject {
  /** The blob that the row names; absent when the payload is inline. */
  readonly blob?: BlobName | undefined;
}

export interface RowPage {
  readonly rows: readonly ListedRow[];
  /** Rows that were looked at and cannot be read. They are named so that somebody looks at them. */
  readonly undecided: readonly StoragePath[];
  /** Pass it as `after` for what follows; absent at the end. */
  readonly next?: StoragePath | undefined;
}
