import type { BenchResult } from './report.js';
import { measureExamines, type Examined } from './sweep-examines.js';
import { measureReaders } from './sweep-readers.js';

export interface SweepBenchOptions {
  /** A size to measure besides, in one round: a million takes a quarter of an hour. */
  readonly entries?: number | undefined;
}

const fewest = { entries: 10_000, rounds: 5 };
/** The more of them, the less do rounds differ: all of it is to be over in a few minutes. */
const most = { entries: 100_000, rounds: 3 };

/** Sweeps through much and through little, and beside readers. */
export async function benchSweep({ entries }: SweepBenchOptions = {}): Promise<
  readonly BenchResult[]
> {
  const results = [...(await measureReaders())];
  const examined: Examined[] = [];
  for (const size of [fewest, most]) {
    examined.push(await measureExamines(size.entries, size.rounds));
  }
  if (entries !== undefined) examined.push(await measureExamines(entries, 1));
  for (const one of examined) results.push(...one.results);
  return [...results, ...growthOf(examined)];
}

/** What an entry takes among the most of them, against one among the fewest. */
function growthOf(examined: readonly Examined[]): readonly BenchResult[] {
  const [amongFewest, amongMost] = [examined[0]?.perEntry, examined.at(-1)?.perEntry];
  return [...(amongMost ?? [])].map(([name, value]) => {
    const baseline = amongFewest?.get(name) ?? Number.NaN;
    const ratio = value / baseline;
    return {
      name: `${name}: an entry among the most (baseline: among the fewest)`,
      value,
      baseline,
      ratio,
      unit: 'µs',
    };
  });
}
