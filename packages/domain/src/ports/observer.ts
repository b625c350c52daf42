import type { BlobName } from '../blob-name.js';
import type { ObjectId, StoragePath } from '../object-id.js';
import type { ChangeId } from '../revision.js';

/** What an operator should hear of although the caller was answered. */
export type EngineEvent =
  /** A row names a blob that the long-term tier does not have: an object is lost. */
  | { readonly kind: 'dangling-tombstone'; readonly id: ObjectId; readonly blob: BlobName }
  /** Stored bytes are not the bytes that were written. */
  | { readonly kind: 'damaged-object'; readonly id: ObjectId; readonly cause: unknown }
  /** A row of an unknown format, or a damaged one, was left out of a listing. */
  | { readonly kind: 'unreadable-row'; readonly path: StoragePath }
  /** Cleanup of this change waits on the change log until a sweep finds it. */
  | { readonly kind: 'change-left-on-log'; readonly changeId: ChangeId; readonly cause: unknown }
  | { readonly kind: 'expiry-not-extended'; readonly id: ObjectId; readonly cause: unknown }
  /** An upload outlives its deadline on the log because the log could not be told. */
  | { readonly kind: 'deadline-not-deferred'; readonly changeId: ChangeId; readonly cause: unknown }
  /** An abandoned intent stays in its row until the row's next write. It is harmless. */
  | { readonly kind: 'intent-left'; readonly id: ObjectId; readonly cause: unknown };

/** Counts and logs. It must not throw and must not block. */
export interface Observer {
  report(event: EngineEvent): void;
}
