/** Has something closed when the bench is over. */
export type CloseLater = (close: () => Promise<void> | void) => void;

/** Runs a bench, and closes what it has opened, the last first, also when opening the next has failed. */
export async function withParts<Result>(
  run: (closeLater: CloseLater) => Promise<Result>,
): Promise<Result> {
  const closers: Parameters<CloseLater>[0][] = [];
  try {
    return await run((close) => void closers.push(close));
  } finally {
    for (const close of closers.toReversed()) await close();
  }
}
