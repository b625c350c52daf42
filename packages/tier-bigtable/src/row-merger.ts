import type { google } from '@google-cloud/bigtable/build/protos/protos.js';

export type CellChunk = google.bigtable.v2.ReadRowsResponse.ICellChunk;

export interface Cell {
  readonly family: string;
  readonly qualifier: Buffer;
  readonly value: Buffer;
}

export interface TableRow {
  readonly key: Buffer;
  readonly cells: readonly Cell[];
}

/** Puts rows together from the chunks that a read answers. */
export interface RowMerger {
  add(chunk: CellChunk): void;
  /** Forgets a row that has not come to its end; it will be sent again. */
  dropUnfinished(): void;
  /** How many rows have come to their end, and the key of the last of them. */
  finished(): { readonly count: number; readonly lastKey: Buffer | undefined };
  /** All rows; throws when the last one has not come to its end. */
  rows(): readonly TableRow[];
}

/** What one read may hold in memory: several times the largest row or page that is asked for. */
const bytesMax = 64 * 1024 * 1024;

interface OpenRow {
  readonly key: Buffer;
  readonly cells: Cell[];
  family: string | undefined;
  qualifier: Buffer | undefined;
  /** The parts of a value that is not complete yet. */
  parts: Buffer[];
}

/**
 * A chunk leaves out what is as it was in the chunk before: the row, the family, the column. A value
 * may come in several chunks, of which all but the last say how long the whole is. `resetRow` takes
 * back everything of a row that was not committed.
 */
export function createRowMerger(): RowMerger {
  const rows: TableRow[] = [];
  let open: OpenRow | undefined;
  let bytes = 0;

  function openRow(key: Buffer): OpenRow {
    if (open === undefined) {
      if (key.length === 0) throw malformed('a row begins without a key');
      const last = rows.at(-1);
      if (last !== undefined && key.compare(last.key) <= 0)
        throw malformed('rows are not in order');
      return { key, cells: [], family: undefined, qualifier: undefined, parts: [] };
    }
    if (key.length > 0 && !key.equals(open.key)) throw malformed('a row begins inside another');
    return open;
  }

  return {
    add(chunk) {
      if (chunk.resetRow === true) {
        open = undefined;
        return;
      }
      const value = bufferOf(chunk.value);
      bytes += value.length;
      if (bytes > bytesMax) throw malformed(`more than ${bytesMax} bytes in one answer`);
      open = openRow(bufferOf(chunk.rowKey));
      addCell(open, chunk, value);
      if (chunk.commitRow !== true) return;
      if (open.parts.length > 0) throw malformed('a row ends inside a value');
      rows.push({ key: open.key, cells: open.cells });
      open = undefined;
    },
    dropUnfinished() {
      open = undefined;
    },
    finished: () => ({ count: rows.length, lastKey: rows.at(-1)?.key }),
    rows() {
      if (open !== undefined) throw malformed('the answer ends inside a row');
      return rows;
    },
  };
}

function addCell(row: OpenRow, chunk: CellChunk, value: Buffer): void {
  const newFamily = chunk.familyName?.value ?? undefined;
  if (newFamily !== undefined) {
    row.family = newFamily;
    row.qualifier = undefined;
  }
  const newQualifier = chunk.qualifier?.value ?? undefined;
  if (newQualifier !== undefined) row.qualifier = bufferOf(newQualifier);
  const { family, qualifier } = row;
  if (family === undefined || qualifier === undefined) throw malformed('a cell has no column');
  row.parts.push(value);
  if ((chunk.valueSize ?? 0) > 0) return;
  const [only] = row.parts;
  const whole = row.parts.length === 1 && only !== undefined ? only : Buffer.concat(row.parts);
  row.cells.push({ family, qualifier, value: whole });
  row.parts = [];
}

function bufferOf(bytes: Uint8Array | string | null | undefined): Buffer {
  if (bytes instanceof Uint8Array) {
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }
  return Buffer.alloc(0);
}

function malformed(why: string): Error {
  return new Error(`Bigtable answered what cannot be: ${why}`);
}
