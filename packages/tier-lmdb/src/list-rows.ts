import {
  compareUtf8,
  decodeRowHead,
  endOfPrefix,
  objectIdOfKey,
  objectPageOf,
  readablePage,
  rowPageOf,
  type ObjectPage,
  type ReadablePage,
  type RowPage,
  type StoragePath,
  type StoragePrefix,
  type Timestamp,
} from '@holdfast/domain';
import { asBuffer } from './as-buffer.js';
import type { Bytes } from './environment.js';
import { readPage, type KeyRange } from './read-page.js';

interface ListQuery {
  readonly prefix: StoragePrefix;
  readonly after: StoragePath | undefined;
  readonly limit: number;
  readonly now: Timestamp;
}

/** Looks at up to `limit` rows: expired ones make the page shorter, and the work stays bounded. */
export function listObjects(heads: Bytes, { prefix, after, limit, now }: ListQuery): ObjectPage {
  const isPastPrefix = after !== undefined && compareUtf8(after, prefix) > 0;
  const page = readRows(heads, limit, {
    start: Buffer.from(isPastPrefix ? after : prefix),
    exclusiveStart: isPastPrefix,
    end: asBuffer(endOfPrefix(prefix)),
  });
  return objectPageOf(page, now);
}

export function listRows(
  heads: Bytes,
  after: StoragePath | undefined,
  examinedMax: number,
): RowPage {
  const range = after === undefined ? {} : { start: Buffer.from(after), exclusiveStart: true };
  return rowPageOf(readRows(heads, examinedMax, range));
}

function readRows(heads: Bytes, entriesMax: number, range: KeyRange): ReadablePage {
  const page = readPage(heads, { range, entriesMax, decodeKey: objectIdOfKey });
  return readablePage(page, ({ key, value }) => decodeRowHead(value, key.path));
}
