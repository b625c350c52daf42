/**
 * Lets at most so many lines of a second pass. Answers how many were held back since the last one that
 * passed, or nothing when this one has to be held back too.
 */
export function createLineLimit(
  linesPerSecondMax: number,
  now: () => number = () => performance.now(),
): () => number | undefined {
  let second = 0;
  let lines = 0;
  let heldBack = 0;
  return () => {
    const current = Math.floor(now() / 1000);
    if (current !== second) {
      second = current;
      lines = 0;
    }
    lines += 1;
    if (lines > linesPerSecondMax) {
      heldBack += 1;
      return undefined;
    }
    const unsaid = heldBack;
    heldBack = 0;
    return unsaid;
  };
}
