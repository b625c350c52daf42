import {
  compareUtf8,
  endOfPrefix,
  objectIdOfKey,
  objectPageOf,
  readablePage,
  rowPageOf,
  type ObjectId,
  type ObjectPage,
  type ReadablePage,
  type RowPage,
  type StoragePath,
  type StoragePrefix,
  type Timestamp,
} from '@holdfast/domain';
import { contentWithoutPayload } from './predicates.js';
import { readPage, type PageQuery } from './read-page.js';
import { objectPrefix } from './row-cells.js';
import { decodeContent } from './row-content.js';
import type { BigtableTransport } from './transport.js';

interface ListQuery {
  readonly prefix: StoragePrefix;
  readonly after: StoragePath | undefined;
  readonly limit: number;
  readonly now: Timestamp;
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
  return objectPageOf(page, now);
}

export async function listRows(
  transport: BigtableTransport,
  after: StoragePath | undefined,
  examinedMax: number,
): Promise<RowPage> {
  const start = after === undefined ? undefined : { key: Buffer.from(after), isExclusive: true };
  return rowPageOf(await readRows(transport, examinedMax, { start }));
}

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
  return readablePage(page, ({ key, cells }) => decodeContent(cells, key.path)?.head);
}
