import {
  decodeRowHead,
  encodeRevision,
  encodeRowHead,
  isTimestamp,
  revisionBytes,
  unreadable,
  type InlineRow,
  type ObjectMetadata,
  type StoredHead,
  type TombstoneRow,
} from '@holdfast/domain';
import { checkCell } from './limits.js';
import { deleteFamily, setCell } from './mutations.js';
import type { Mutation } from './requests.js';
import { cellTime, columns, decodeExpiryTime, encodeExpiry, expiryBytes } from './row-cells.js';
import type { Cell } from './row-merger.js';
import { families } from './schema.js';

/** A row's content as it is stored, whether or not it has expired. */
export interface StoredContent {
  readonly head: StoredHead;
  /** Absent where it was not asked for. */
  readonly payload: Uint8Array | undefined;
}

/** Every change of content also removes what was there before, and all intents. */
const clearing: readonly Mutation[] = Object.values(families).map(deleteFamily);

/** Replaces the content of a row, or removes it. */
export function replaceContent(row: InlineRow | TombstoneRow | undefined): Mutation[] {
  if (row === undefined) return [...clearing];
  const { metadata } = row;
  const { revision, timeExpires } = metadata;
  const familyName = familyOf(row);
  const expiryTime = cellTime(timeExpires);
  const writtenTime =
    familyName === families.expiring ? expiryTime : cellTime(metadata.timeCreated);
  const cell = (columnQualifier: Uint8Array, timestampMicros: number, value: Uint8Array) => {
    checkCell(value);
    return setCell({ familyName, columnQualifier, timestampMicros, value });
  };
  return [
    ...clearing,
    cell(columns.head, writtenTime, encodeRowHead(row)),
    cell(columns.expiry, expiryTime, encodeExpiry(revision, timeExpires)),
    ...(row.kind === 'inline' ? [cell(columns.payload, writtenTime, row.payload)] : []),
  ];
}

/** A tombstone stays until its blob is cleaned up by a change, however long it has expired. */
function familyOf({ kind, metadata }: InlineRow | TombstoneRow): string {
  const goesByItself = kind === 'inline' && metadata.expiration.kind === 'ttl';
  return goesByItself ? families.expiring : families.manual;
}

/** `undefined` for a row without content. Throws `UNREADABLE` for what no version of ours wrote. */
export function decodeContent(cells: readonly Cell[], path: string): StoredContent | undefined {
  const expiring = sortCells(cells, families.expiring, path);
  const manual = sortCells(cells, families.manual, path);
  if (expiring.head === undefined) return decodeManual(manual, path);
  if (manual.head !== undefined) throw unreadable(`row ${path}`, 'it has two heads');
  // Such rows are never extended, so that the head is right about the expiry.
  return { head: decodeRowHead(expiring.head, path), payload: expiring.payload };
}

function decodeManual(cells: ContentCells, path: string): StoredContent | undefined {
  const { head: bytes, expiry, payload } = cells;
  if (bytes === undefined) {
    if (expiry === undefined && payload === undefined) return undefined;
    throw unreadable(`row ${path}`, 'its head is missing');
  }
  const head = decodeRowHead(bytes, path);
  return { head: { ...head, metadata: withExpiry(head.metadata, expiry, path) }, payload };
}

/** The time of expiry has a cell of its own, so that it can be moved without the rest. */
function withExpiry(
  metadata: ObjectMetadata,
  expiry: Buffer | undefined,
  path: string,
): ObjectMetadata {
  const what = `row ${path}`;
  if (expiry?.length !== expiryBytes) throw unreadable(what, 'its expiry is missing or cut off');
  const revision = Buffer.alloc(revisionBytes);
  encodeRevision(metadata.revision, revision, 0);
  if (!revision.equals(expiry.subarray(0, revisionBytes))) {
    throw unreadable(what, 'its expiry is that of another revision');
  }
  const timeExpires = decodeExpiryTime(expiry);
  if (timeExpires === metadata.timeExpires) return metadata;
  if (timeExpires === undefined || !isTimestamp(timeExpires)) {
    throw unreadable(what, 'its expiry is no time');
  }
  return { ...metadata, timeExpires };
}

interface ContentCells {
  head?: Buffer;
  payload?: Buffer;
  expiry?: Buffer;
}

function sortCells(cells: readonly Cell[], family: string, path: string): ContentCells {
  const sorted: ContentCells = {};
  for (const { family: own, qualifier, value } of cells) {
    if (own !== family) continue;
    if (qualifier.equals(columns.head)) sorted.head = value;
    else if (qualifier.equals(columns.payload)) sorted.payload = value;
    else if (qualifier.equals(columns.expiry)) sorted.expiry = value;
    else throw unreadable(`row ${path}`, `column ${family}:${qualifier.toString()} is not known`);
  }
  return sorted;
}
