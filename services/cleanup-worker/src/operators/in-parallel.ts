/**
 * Acts on every item, on a few at a time. Once `signal` aborts nothing further is begun, and it rejects
 * with the signal's reason.
 */
export async function inParallel<Item>(
  items: readonly Item[],
  concurrencyMax: number,
  signal: AbortSignal | undefined,
  act: (item: Item) => Promise<void>,
): Promise<void> {
  const rest = items.values();
  const lane = async (): Promise<void> => {
    for (const item of rest) {
      signal?.throwIfAborted();
      await act(item);
    }
  };
  const lanes = Math.min(concurrencyMax, items.length);
  const endings = await Promise.allSettled(Array.from({ length: lanes }, lane));
  for (const ending of endings) if (ending.status === 'rejected') throw ending.reason;
}
