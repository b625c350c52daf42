import { DomainError } from './errors.js';
import { isExpired } from './expiration.js';
import type { ObjectId, StoragePath } from './object-id.js';
import type { ListedObject, ListedRow, ObjectPage, RowPage } from './ports/high-volume-tier.js';
import type { StoredHead } from './row-head-codec.js';
import { showForeignPath } from './stored-key.js';
import type { Timestamp } from './timestamp.js';

/* What a page of stored entries, read by whatever store, shows to those who list. */

interface StoredEntry {
  readonly key: ObjectId;
}

interface StoredPage<Entry extends StoredEntry> {
  readonly entries: readonly Entry[];
  readonly foreignKeys: readonly Uint8Array[];
  readonly next: ObjectId | undefined;
}

interface ReadableRow {
  readonly id: ObjectId;
  readonly head: StoredHead;
}

export interface ReadablePage {
  readonly rows: readonly ReadableRow[];
  readonly undecided: readonly StoragePath[];
  readonly next: { readonly next?: StoragePath };
}

/**
 * A row that cannot be read does not keep the others from being shown. `decode` answers `undefined` for
 * an entry that is no row.
 */
export function readablePage<Entry extends StoredEntry>(
  page: StoredPage<Entry>,
  decode: (entry: Entry) => StoredHead | undefined,
): ReadablePage {
  const rows: ReadableRow[] = [];
  const undecided = page.foreignKeys.map(showForeignPath);
  for (const entry of page.entries) {
    const { key: id } = entry;
    try {
      const head = decode(entry);
      if (head !== undefined) rows.push({ id, head });
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      undecided.push(id.path);
    }
  }
  return { rows, undecided, next: page.next ? { next: page.next.path } : {} };
}

/** Expired rows make the page shorter. */
export function objectPageOf(page: ReadablePage, now: Timestamp): ObjectPage {
  const objects: ListedObject[] = [];
  for (const { id, head } of page.rows) {
    const { metadata } = head;
    if (!isExpired(metadata.timeExpires, now)) objects.push({ id, metadata });
  }
  return { objects, undecided: page.undecided, ...page.next };
}

export function rowPageOf({ rows, undecided, next }: ReadablePage): RowPage {
  return { rows: rows.map(showRow), undecided, ...next };
}

function showRow({ id, head }: ReadableRow): ListedRow {
  const { metadata } = head;
  return head.kind === 'tombstone' ? { id, metadata, blob: head.blob } : { id, metadata };
}
