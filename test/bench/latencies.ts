import type { BenchResult } from './report.js';

/** How long single calls took, ours and the baseline's. */
export interface Latencies {
  ours<T>(call: () => Promise<T>): Promise<T>;
  raw<T>(call: () => Promise<T>): Promise<T>;
  results(name: string): readonly BenchResult[];
}

export function recordLatencies(): Latencies {
  const ours: number[] = [];
  const raw: number[] = [];
  return {
    ours: (call) => timed(ours, call),
    raw: (call) => timed(raw, call),
    results: (name) =>
      [0.5, 0.99].map((share) => {
        const value = quantile(ours, share);
        const baseline = quantile(raw, share);
        const label = `${name}, p${share * 100}`;
        return { name: label, value, baseline, ratio: value / baseline, unit: 'µs' };
      }),
  };
}

async function timed<T>(into: number[], call: () => Promise<T>): Promise<T> {
  const started = process.hrtime.bigint();
  const value = await call();
  into.push(Number(process.hrtime.bigint() - started) / 1_000);
  return value;
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((left, right) => left - right);
  return sorted[Math.floor(sorted.length * share)] ?? Number.NaN;
}
