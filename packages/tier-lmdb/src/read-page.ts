import { unreadable } from '@holdfast/domain';
import type { Bytes } from './environment.js';

export interface KeyRange {
  readonly start?: Buffer;
  readonly exclusiveStart?: boolean;
  readonly end?: Buffer;
}

export interface PageQuery<Key> {
  readonly range: KeyRange;
  /** How many entries of ours a page holds. */
  readonly entriesMax: number;
  /** `undefined` for a key that is none of ours. */
  readonly decodeKey: (key: Uint8Array) => Key | undefined;
}

export interface Page<Key> {
  readonly entries: readonly { readonly key: Key; readonly value: Uint8Array }[];
  /** Keys between those of the entries that are none of ours: damaged, or put there by others. */
  readonly foreignKeys: readonly Uint8Array[];
  /** The key after which the next page begins; absent at the end. */
  readonly next: Key | undefined;
}

/** So many foreign keys in one page, beside its entries, are no damage but another's database. */
const foreignKeysMax = 10_000;

/**
 * Reads one page in the order of keys. Pages end on keys of ours only, as the caller could not name
 * another one to go on after: foreign keys are read over and shown, and hold nothing up.
 */
export function readPage<Key>(
  database: Bytes,
  { range, entriesMax, decodeKey }: PageQuery<Key>,
): Page<Key> {
  const entries: { key: Key; value: Uint8Array }[] = [];
  const foreignKeys: Uint8Array[] = [];
  let foreignBeforeLast = 0;
  for (const { key: bytes, value } of database.getRange(range)) {
    const key = decodeKey(bytes);
    if (key === undefined) {
      if (foreignKeys.length === foreignKeysMax) throw tooForeign();
      foreignKeys.push(bytes);
    } else if (entries.length === entriesMax) {
      // Something of ours follows. The next page shows the foreign keys on the way to it.
      const shown = foreignKeys.slice(0, foreignBeforeLast);
      return { entries, foreignKeys: shown, next: entries.at(-1)?.key };
    } else {
      entries.push({ key, value });
      foreignBeforeLast = foreignKeys.length;
    }
  }
  return { entries, foreignKeys, next: undefined };
}

function tooForeign(): Error {
  const why = `more than ${foreignKeysMax} keys of one page are none of this store's`;
  return unreadable('LMDB environment', why);
}
