import type { BlobName } from './blob-name.js';
import type { ObjectId } from './object-id.js';
import type { ChangeId } from './revision.js';
import type { Timestamp } from './timestamp.js';

/** One mutation that touches the long-term tier, as the change log keeps it. */
export interface Change {
  readonly changeId: ChangeId;
  readonly objectId: ObjectId;
  /** The blob that the change uploads; the row names it once the change has committed. */
  readonly newBlob?: BlobName | undefined;
  /** The blob that the row named when the change began. */
  readonly oldBlob?: BlobName | undefined;
  /** Until then the writer is presumed to be at work, and sweeps leave the change alone. */
  readonly deadline: Timestamp;
  /** Its blobs were found unnamed, and stay until then for the downloads that have begun. */
  readonly readersUntil?: Timestamp | undefined;
}
