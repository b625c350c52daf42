import type { BenchResult } from './report.js';

export interface Contest {
  readonly name: string;
  readonly unit: string;
  /** Work done per call of either, in `unit` per second's numerator. */
  readonly amount: number;
  readonly rounds: number;
  /** Comes before either in each round, and is not measured. */
  readonly prepare?: (round: number) => Promise<void>;
  readonly ours: (round: number) => Promise<void>;
  readonly raw: (round: number) => Promise<void>;
}

/**
 * Runs the two by turns and compares them round by round, so that a machine that slows down slows
 * both. The first round warms up and does not count; the medians of the others are reported.
 */
export async function compare(contest: Contest): Promise<BenchResult> {
  const ours: number[] = [];
  const raw: number[] = [];
  for (let round = 0; round <= contest.rounds; round += 1) {
    await contest.prepare?.(round);
    const rawSeconds = await secondsOf(() => contest.raw(round));
    const ourSeconds = await secondsOf(() => contest.ours(round));
    if (round === 0) continue;
    raw.push(contest.amount / rawSeconds);
    ours.push(contest.amount / ourSeconds);
  }
  const ratios = ours.map((value, index) => value / (raw[index] ?? Number.NaN));
  return {
    name: contest.name,
    unit: contest.unit,
    value: median(ours),
    baseline: median(raw),
    ratio: median(ratios),
  };
}

/** Calls `run` for 0, 1, … `count` - 1, with `lanes` calls under way at once. */
export async function inLanes(
  lanes: number,
  count: number,
  run: (index: number) => Promise<unknown>,
): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < count) {
      next += 1;
      await run(next - 1);
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}

async function secondsOf(run: () => Promise<void>): Promise<number> {
  const started = process.hrtime.bigint();
  await run();
  return Number(process.hrtime.bigint() - started) / 1e9;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((left, right) => left - right);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
