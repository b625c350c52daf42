/** Entries by the numbers that operations of a batch carry. */
export interface IndexTable<T> {
  get(index: number): T | undefined;
  set(index: number, entry: T): void;
  delete(index: number): void;
  readonly size: () => number;
  /** The entries, in no order. */
  values(): IterableIterator<T>;
}

/** A sender goes round these numbers; it must not have as many operations outstanding. */
export const batchNumbers = 4_096;

/**
 * A table for entries that come and go by the ten thousand a second. A Map that lives so replaces its
 * own storage all the time, and V8 keeps the old ones alive for each other: collecting them costs more
 * than all the rest. Senders use small numbers again and again, and for those this is an array.
 */
export function createIndexTable<T>(): IndexTable<T> {
  const dense: (T | undefined)[] = [];
  const sparse = new Map<number, T>();
  let size = 0;

  function get(index: number): T | undefined {
    return index < batchNumbers ? dense[index] : sparse.get(index);
  }

  return {
    get,
    set(index, entry) {
      if (get(index) === undefined) size += 1;
      if (index < batchNumbers) fill(dense, index, entry);
      else sparse.set(index, entry);
    },
    delete(index) {
      if (get(index) === undefined) return;
      size -= 1;
      if (index < batchNumbers) dense[index] = undefined;
      else sparse.delete(index);
    },
    size: () => size,
    *values() {
      for (const entry of dense) {
        if (entry !== undefined) yield entry;
      }
      yield* sparse.values();
    },
  };
}

/** Without holes, which would make the array a slow one. */
function fill<T>(dense: (T | undefined)[], index: number, entry: T): void {
  while (dense.length <= index) dense.push(undefined);
  dense[index] = entry;
}
