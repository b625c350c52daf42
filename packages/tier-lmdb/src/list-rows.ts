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

interface Entry {
  readonly path: StoragePath;
  readonly bytes: Uint8Array;
}

interface ReadableRow {
  readonly id: ObjectId;
  readonly head: StoredHead;
}

/** Looks at up to `limit` rows: expired ones make the page shorter, and the work stays bounded. */
export function listRows(heads: Bytes, { prefix, after, limit, now }: ListQuery): ObjectPage {
  const isPastPrefix = after !== undefined && compareUtf8(after, prefix) > 0;
  const { entries, next } = readEntries(heads, limit, {
    start: Buffer.from(isPastPrefix ? after : prefix),
    exclusiveStart: isPastPrefix,
    end: endOfPrefix(prefix),
  });
  const { readable, undecided } = decodeEntries(entries);
  const objects: ListedObject[] = [];
  for (const { id, head } of readable) {
    const { metadata } = head;
    if (!isExpired(metadata.timeExpires, now)) objects.push({ id, metadata });
  }
  return { objects, undecided, ...next };
}

export function listExpiredRows(heads: Bytes, query: ExpiredQuery): ExpiredPage {
  const { after, examinedMax, now } = query;
  const { entries, next } = readEntries(
    heads,
    examinedMax,
    after === undefined ? {} : { start: Buffer.from(after), exclusiveStart: true },
  );
  const { readable, undecided } = decodeEntries(entries);
  const expired: ExpiredObject[] = [];
  for (const { id, head } of readable) {
    if (!isExpired(head.metadata.timeExpires, now)) continue;
    const { revision } = head.metadata;
    expired.push(head.kind === 'tombstone' ? { id, revision, blob: head.blob } : { id, revision });
  }
  return { expired, undecided, examined: entries.length, ...next };
}

function readEntries(
  heads: Bytes,
  limit: number,
  range: { start?: Buffer; exclusiveStart?: boolean; end?: Buffer },
): { entries: readonly Entry[]; next: { next?: StoragePath } } {
  // One more than asked for tells whether anything follows.
  const found = Array.from(heads.getRange({ ...range, limit: limit + 1 }), ({ key, value }) => ({
    path: key.toString() as StoragePath,
    bytes: value,
  }));
  const entries = found.slice(0, limit);
  const last = found.length > limit ? entries.at(-1) : undefined;
  return { entries, next: last === undefined ? {} : { next: last.path } };
}

/** A row that cannot be read does not keep the others from being shown. */
function decodeEntries(entries: readonly Entry[]): {
  readonly readable: readonly ReadableRow[];
  readonly undecided: readonly StoragePath[];
} {
  const readable: ReadableRow[] = [];
  const undecided: StoragePath[] = [];
  for (const { path, bytes } of entries) {
    try {
      readable.push({ id: parseStoragePath(path), head: decodeRowHead(bytes, path) });
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      undecided.push(path);
    }
  }
  return { readable, undecided };
}

/** The first key after all that begin with `prefix`: UTF-8 holds no byte that has no successor. */
function endOfPrefix(prefix: StoragePrefix): Buffer {
  const end = Buffer.from(prefix);
  const last = end.length - 1;
  end[last] = (end[last] ?? 0) + 1;
  return end;
}
