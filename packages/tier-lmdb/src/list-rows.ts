import {
  compareUtf8,
  decodeRowHead,
  DomainError,
  isExpired,
  objectIdOfKey,
  showForeignPath,
  type ListedObject,
  type ListedRow,
  type ObjectId,
  type ObjectPage,
  type RowPage,
  type StoragePath,
  type StoragePrefix,
  type StoredHead,
  type Timestamp,
} from '@holdfast/domain';
import type { Bytes } from './environment.js';
import { readPage, type KeyRange } from './read-page.js';

interface ListQuery {
  readonly prefix: StoragePrefix;
  readonly after: StoragePath | undefined;
  readonly limit: number;
  readonly now: Timestamp;
}

interface ReadableRow {
  readonly id: ObjectId;
  readonly head: StoredHead;
}

interface ReadablePage {
  readonly rows: readonly ReadableRow[];
  readonly undecided: readonly StoragePath[];
  readonly next: { readonly next?: StoragePath };
}

/** Looks at up to `limit` rows: expired ones make the page shorter, and the work stays bounded. */
export function listObjects(heads: Bytes, { prefix, after, limit, now }: ListQuery): ObjectPage {
  const isPastPrefix = after !== undefined && compareUtf8(after, prefix) > 0;
  const page = readRows(heads, limit, {
    start: Buffer.from(isPastPrefix ? after : prefix),
    exclusiveStart: isPastPrefix,
    end: endOfPrefix(prefix),
  });
  const objects: ListedObject[] = [];
  for (const { id, head } of page.rows) {
    const { metadata } = head;
    if (!isExpired(metadata.timeExpires, now)) objects.push({ id, metadata });
  }
  return { objects, undecided: page.undecided, ...page.next };
}

export function listRows(
  heads: Bytes,
  after: StoragePath | undefined,
  examinedMax: number,
): RowPage {
  const range = after === undefined ? {} : { start: Buffer.from(after), exclusiveStart: true };
  const { rows, undecided, next } = readRows(heads, examinedMax, range);
  return { rows: rows.map(showRow), undecided, ...next };
}

function showRow({ id, head }: ReadableRow): ListedRow {
  const { metadata } = head;
  return head.kind === 'tombstone' ? { id, metadata, blob: head.blob } : { id, metadata };
}

/** A row that cannot be read does not keep the others from being shown. */
function readRows(heads: Bytes, limit: number, range: KeyRange): ReadablePage {
  const page = readPage(heads, { range, entriesMax: limit, decodeKey: objectIdOfKey });
  const rows: ReadableRow[] = [];
  const undecided = page.foreignKeys.map(showForeignPath);
  for (const { key: id, value } of page.entries) {
    try {
      rows.push({ id, head: decodeRowHead(value, id.path) });
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      undecided.push(id.path);
    }
  }
  return { rows, undecided, next: page.next ? { next: page.next.path } : {} };
}

/** The first key after all that begin with `prefix`: UTF-8 holds no byte that has no successor. */
function endOfPrefix(prefix: StoragePrefix): Buffer {
  const end = Buffer.from(prefix);
  const last = end.length - 1;
  end[last] = (end[last] ?? 0) + 1;
  return end;
}
