import {
  compareUtf8,
  DomainError,
  isExpired,
  parseStoragePath,
  type ExpiredObject,
  type ExpiredPage,
  type ListedObject,
  type ObjectId,
  type ObjectPage,
  type StoragePath,
  type StoragePrefix,
  type Timestamp,
} from '@holdfast/domain';
import type { Bytes } from './environment.js';
import { decodeKeyText, readPage, showKey, type KeyRange } from './read-page.js';
import { decodeRowHead, type StoredHead } from './row-head-codec.js';

interface ListQuery {
  readonly prefix: StoragePrefix;
  readonly after: StoragePath | undefined;
  readonly limit: number;
  readonly now: Timestamp;
}

interface ExpiredQuery {
  readonly after: StoragePath | undefined;
  readonly examinedMax: number;
  readonly now: Timestamp;
}

interface ReadableRow {
  readonly id: ObjectId;
  readonly head: StoredHead;
}

interface RowPage {
  readonly rows: readonly ReadableRow[];
  readonly undecided: readonly StoragePath[];
  readonly examined: number;
  readonly next: { readonly next?: StoragePath };
}

/** Looks at up to `limit` rows: expired ones make the page shorter, and the work stays bounded. */
export function listRows(heads: Bytes, { prefix, after, limit, now }: ListQuery): ObjectPage {
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

export function listExpiredRows(heads: Bytes, query: ExpiredQuery): ExpiredPage {
  const { after, examinedMax, now } = query;
  const page = readRows(
    heads,
    examinedMax,
    after === undefined ? {} : { start: Buffer.from(after), exclusiveStart: true },
  );
  const expired: ExpiredObject[] = [];
  for (const { id, head } of page.rows) {
    if (!isExpired(head.metadata.timeExpires, now)) continue;
    const { revision } = head.metadata;
    expired.push(head.kind === 'tombstone' ? { id, revision, blob: head.blob } : { id, revision });
  }
  const { undecided, examined, next } = page;
  return { expired, undecided, examined, ...next };
}

/** A row that cannot be read does not keep the others from being shown. */
function readRows(heads: Bytes, limit: number, range: KeyRange): RowPage {
  const page = readPage(heads, { range, entriesMax: limit, decodeKey: decodeRowKey });
  const rows: ReadableRow[] = [];
  const undecided = page.foreignKeys.map(showForeignKey);
  for (const { key: id, value } of page.entries) {
    try {
      rows.push({ id, head: decodeRowHead(value, id.path) });
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      undecided.push(id.path);
    }
  }
  const examined = page.entries.length + page.foreignKeys.length;
  return { rows, undecided, examined, next: page.next ? { next: page.next.path } : {} };
}

/** `undefined` for a key that no object has: nothing could ever ask for it, or go on after it. */
function decodeRowKey(key: Uint8Array): ObjectId | undefined {
  const path = decodeKeyText(key);
  if (path === undefined) return undefined;
  try {
    return parseStoragePath(path);
  } catch (error) {
    if (error instanceof DomainError) return undefined;
    throw error;
  }
}

/** No path at all, but where rows are named that somebody should look at there is no other name. */
function showForeignKey(key: Uint8Array): StoragePath {
  return showKey(key) as StoragePath;
}

/** The first key after all that begin with `prefix`: UTF-8 holds no byte that has no successor. */
function endOfPrefix(prefix: StoragePrefix): Buffer {
  const end = Buffer.from(prefix);
  const last = end.length - 1;
  end[last] = (end[last] ?? 0) + 1;
  return end;
}
