import { endOfPrefix, unreadable } from '@holdfast/domain';
import type { RowFilter } from './requests.js';
import type { TableRow } from './row-merger.js';
import type { BigtableTransport } from './transport.js';

export interface PageQuery<Key> {
  /** The beginning of all keys of the range, which is cut off from those that are answered. */
  readonly prefix: string;
  /** Where the range begins, without the prefix. */
  readonly start?: { readonly key: Uint8Array; readonly isExclusive: boolean } | undefined;
  /** Where it ends, without the prefix; this key is not in it. */
  readonly end?: Uint8Array | undefined;
  readonly filter: RowFilter;
  /** How many entries of ours a page holds. */
  readonly entriesMax: number;
  /** `undefined` for a key that is none of ours. */
  readonly decodeKey: (key: Uint8Array) => Key | undefined;
}

export interface PageEntry<Key> {
  readonly key: Key;
  readonly cells: TableRow['cells'];
}

export interface Page<Key> {
  readonly entries: readonly PageEntry<Key>[];
  /** Keys between those of the entries that are none of ours: damaged, or put there by others. */
  readonly foreignKeys: readonly Uint8Array[];
  /** The key after which the next page begins; absent at the end. */
  readonly next: Key | undefined;
}

/** More rows take several calls, so that no answer is too large to hold and none takes too long. */
const rowsPerCallMax = 1_000;

/** So many foreign keys in one page, beside its entries, are no damage but another's table. */
const foreignKeysMax = 10_000;

/**
 * Reads one page in the order of keys. Pages end on keys of ours only, as the caller could not name
 * another one to go on after: foreign keys are read over and shown, and hold nothing up.
 */
export async function readPage<Key>(
  transport: Pick<BigtableTransport, 'readRows'>,
  query: PageQuery<Key>,
): Promise<Page<Key>> {
  const entries: PageEntry<Key>[] = [];
  const foreignKeys: Uint8Array[] = [];
  let foreignBeforeLast = 0;
  let { start } = query;
  for (;;) {
    // One more than the page holds, to know whether anything of ours follows; and as many as there were
    // foreign ones, since more of them may follow: else each of those would take a call of its own.
    const missing = query.entriesMax + 1 - entries.length;
    const rowsLimit = Math.min(rowsPerCallMax, missing + foreignKeys.length);
    const rows = await transport.readRows({
      rows: { rowRanges: [rangeOf(query, start)] },
      rowsLimit,
      filter: query.filter,
    });
    for (const row of rows) {
      const bytes = row.key.subarray(query.prefix.length);
      const key = query.decodeKey(bytes);
      if (key === undefined) {
        if (foreignKeys.length === foreignKeysMax) throw tooForeign();
        foreignKeys.push(bytes);
      } else if (entries.length === query.entriesMax) {
        // The next page shows the foreign keys on the way to it.
        const shown = foreignKeys.slice(0, foreignBeforeLast);
        return { entries, foreignKeys: shown, next: entries.at(-1)?.key };
      } else {
        entries.push({ key, cells: row.cells });
        foreignBeforeLast = foreignKeys.length;
      }
    }
    const last = rows.at(-1);
    if (rows.length < rowsLimit || last === undefined) {
      return { entries, foreignKeys, next: undefined };
    }
    start = { key: last.key.subarray(query.prefix.length), isExclusive: true };
  }
}

function rangeOf({ prefix, end }: PageQuery<unknown>, start: PageQuery<unknown>['start']): object {
  const startKey = Buffer.concat([Buffer.from(prefix), start?.key ?? Buffer.alloc(0)]);
  const endKeyOpen = end ? Buffer.concat([Buffer.from(prefix), end]) : endOfPrefix(prefix);
  return start?.isExclusive === true
    ? { startKeyOpen: startKey, endKeyOpen }
    : { startKeyClosed: startKey, endKeyOpen };
}

function tooForeign(): Error {
  const why = `more than ${foreignKeysMax} keys of one page are none of this store's`;
  return unreadable('the table', why);
}
