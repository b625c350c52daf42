import {
  compareUtf8,
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
import { contentWithoutPayload } from './predicates.js';
import { endOfPrefix, readPage, type PageEntry, type PageQuery } from './read-page.js';
import { objectPrefix } from './row-cells.js';
import { decodeContent } from './row-content.js';
import type { BigtableTransport } from './transport.js';

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

type Range = Pick<PageQuery<ObjectId>, 'start' | 'end'>;

/** Looks at up to `limit` rows: expired ones make the page shorter, and the work stays bounded. */
export async function listObjects(
  transport: BigtableTransport,
  { prefix, after, limit, now }: ListQuery,
): Promise<ObjectPage> {
  const isPastPrefix = after !== undefined && compareUtf8(after, prefix) > 0;
  const end = endOfPrefix(prefix);
  // Bigtable takes no range that ends before it begins.
  if (isPastPrefix && Buffer.compare(Buffer.from(after), end) >= 0) {
    return { objects: [], undecided: [] };
  }
  const start = { key: Buffer.from(isPastPrefix ? after : prefix), isExclusive: isPastPrefix };
  const page = await readRows(transport, limit, { start, end });
  const objects: ListedObject[] = [];
  for (const { id, head } of page.rows) {
    const { metadata } = head;
    if (!isExpired(metadata.timeExpires, now)) objects.push({ id, metadata });
  }
  return { objects, undecided: page.undecided, ...page.next };
}

export async function listRows(
  transport: BigtableTransport,
  after: StoragePath | undefined,
  examinedMax: number,
): Promise<RowPage> {
  const start = after === undefined ? undefined : { key: Buffer.from(after), isExclusive: true };
  const { rows, undecided, next } = await readRows(transport, examinedMax, { start });
  return { rows: rows.map(showRow), undecided, ...next };
}

function showRow({ id, head }: ReadableRow): ListedRow {
  const { metadata } = head;
  return head.kind === 'tombstone' ? { id, metadata, blob: head.blob } : { id, metadata };
}

/** A row that cannot be read does not keep the others from being shown. */
async function readRows(
  transport: BigtableTransport,
  entriesMax: number,
  range: Range,
): Promise<ReadablePage> {
  const page = await readPage(transport, {
    ...range,
    prefix: objectPrefix,
    filter: contentWithoutPayload,
    entriesMax,
    decodeKey: objectIdOfKey,
  });
  const rows: ReadableRow[] = [];
  const undecided = page.foreignKeys.map(showForeignPath);
  for (const entry of page.entries) {
    const head = decodeIfReadable(entry);
    if (head === 'unreadable') undecided.push(entry.key.path);
    else if (head !== undefined) rows.push({ id: entry.key, head });
  }
  return { rows, undecided, next: page.next ? { next: page.next.path } : {} };
}

function decodeIfReadable({
  key,
  cells,
}: PageEntry<ObjectId>): StoredHead | 'unreadable' | undefined {
  try {
    return decodeContent(cells, key.path)?.head;
  } catch (error) {
    if (error instanceof DomainError) return 'unreadable';
    throw error;
  }
}
