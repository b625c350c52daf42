import type { BlobName } from '../blob-name.js';
import type { ByteSpan } from '../byte-range.js';
import type { BlobMetadata, ObjectMetadata } from '../metadata.js';
import type { Timestamp } from '../timestamp.js';

/** Bytes in order. Each chunk belongs to whoever received it; none is empty by contract or by need. */
export type Payload = AsyncIterable<Uint8Array>;

/**
 * Object storage: immutable blobs that are created once, read, and removed once nothing names them.
 *
 * Atomicity: a blob is there as a whole or not at all; a torn one is never read and never listed as
 * a blob. Durability: `create` and `extend` resolve only when their effect would survive the loss of
 * power. What `remove` took away may come back by one: nothing names it then, and a `list` shows it.
 * Visibility: what `create` answered is found by every later `read` and `remove`; a `list`
 * may lag behind both.
 * Failure: `TIER_UNAVAILABLE`; `STORAGE_FULL`; `UNREADABLE` or `CHECKSUM_MISMATCH` for damaged or
 * foreign data. An error thrown by the payload of a `create` passes through as it is, `CANCELLED`
 * among them: that is how a create is given up, and only before its payload has ended. After any
 * failure of `create` the blob may or may not appear, now or later; it is complete if it does.
 * `read` fails with `CANCELLED` after its `signal` aborted.
 * Expiry: a blob's own `timeExpires` is for the lifecycle rules of the store that holds it, which may
 * remove the blob after that time. The port does not look at it: `read`, `head`, `remove` and `list`
 * treat a blob that is past it like any other.
 */
export interface LongTermTier {
  /**
   * Stores `payload` under `name` unless a blob of that name exists: then it answers `exists` and
   * changes nothing. Reads the payload to its end, and no further ahead than it must. On failure it
   * ends the payload's iterator and frees what it had written as far as it can. It waits for each
   * chunk for as long as the payload does: a caller that may give up passes a payload that throws.
   */
  create(name: BlobName, metadata: BlobMetadata, payload: Payload): Promise<CreateResult>;

  /**
   * Opens the blob. `span` lies within the blob. The payload is exactly the bytes asked for, or it
   * throws; it is read lazily. The caller compares the checksum: a part of a blob has none.
   */
  read(name: BlobName, span?: ByteSpan, signal?: AbortSignal): Promise<BlobRead>;

  head(name: BlobName): Promise<BlobHead>;

  /**
   * Removes the blob. Idempotent: `absent` is success. Of several at once exactly one answers
   * `removed`, and none where what removed the blob died before it could say so. Readers that have
   * opened it may finish.
   */
  remove(name: BlobName): Promise<RemoveResult>;

  /**
   * Moves the blob's own expiry forward, never backward. Idempotent. A blob that never expires goes on
   * never to expire: the answer is `extended`, and nothing changes. `absent` if there is no blob.
   */
  extend(name: BlobName, timeExpires: Timestamp): Promise<'extended' | 'absent'>;

  /**
   * Blobs in an order that is stable while nothing changes; a blob that exists throughout a whole
   * listing appears in it exactly once. A page holds at most `limit` blobs and undecided entries
   * together. `cursor` is opaque, from an earlier page's `next`.
   */
  list(cursor: string | undefined, limit: number): Promise<BlobPage>;
}

export type CreateResult =
  | { readonly kind: 'created'; readonly size: number; readonly crc32c: number }
  | { readonly kind: 'exists' };

export type BlobRead =
  | {
      readonly kind: 'found';
      /** Of the whole blob, as in its metadata, also when only a part is read. */
      readonly size: number;
      readonly crc32c: number;
      /**
       * Holds a file or a connection until it has ended or failed, its iterator is returned, or the
       * signal of the read aborts. Whoever was given it must bring about one of the three: iterate it
       * to its end, return it, or abort. A payload that is merely dropped stays open.
       */
      readonly payload: Payload;
    }
  | { readonly kind: 'absent' };

export type BlobHead =
  { readonly kind: 'found'; readonly metadata: ObjectMetadata } | { readonly kind: 'absent' };

export type RemoveResult =
  { readonly kind: 'removed'; readonly size: number } | { readonly kind: 'absent' };

export interface ListedBlob {
  readonly name: BlobName;
  readonly size: number;
  /** As in the blob's metadata: by the clock of its writer, taken when the write began. */
  readonly timeCreated: Timestamp;
}

/** Something in the tier's storage that is no readable blob of ours. It is shown, never touched. */
export interface UndecidedEntry {
  readonly where: string;
  readonly why: string;
}

export interface BlobPage {
  readonly blobs: readonly ListedBlob[];
  readonly undecided: readonly UndecidedEntry[];
  readonly next?: string | undefined;
}
