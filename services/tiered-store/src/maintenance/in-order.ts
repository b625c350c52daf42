/** Entries of one call that are dealt with at once. */
const concurrencyMax = 16;

/**
 * Deals with each entry, a few at a time, and answers in their order. Once `signal` has aborted none is
 * begun any more, and it fails with the signal's reason.
 */
export async function inOrder<Entry, Result>(
  entries: readonly Entry[],
  signal: AbortSignal,
  dealWith: (entry: Entry, index: number) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  const waiting = entries.entries();

  async function work(): Promise<void> {
    for (const [index, entry] of waiting) {
      signal.throwIfAborted();
      results[index] = await dealWith(entry, index);
    }
  }

  await Promise.all(Array.from({ length: concurrencyMax }, work));
  return results;
}
