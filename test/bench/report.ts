import { cpus, totalmem } from 'node:os';

/** One figure, and how it compares to a raw baseline of the same run. */
export interface BenchResult {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly baseline: number;
  readonly ratio: number;
}

export interface BenchReport {
  readonly bench: string;
  readonly machine: string;
  readonly results: readonly BenchResult[];
}

export function reportOf(bench: string, results: readonly BenchResult[]): BenchReport {
  const [cpu] = cpus();
  const gib = Math.round(totalmem() / 1024 ** 3);
  const machine = `${cpus().length} x ${cpu?.model ?? 'unknown'}, ${gib} GiB, Node.js ${process.version}`;
  return { bench, machine, results };
}

export function tableOf({ bench, machine, results }: BenchReport): string {
  const head = ['', 'value', 'baseline', 'ratio', 'unit'];
  const rows = results.map(({ name, value, baseline, ratio, unit }) => [
    name,
    inFigures(value),
    inFigures(baseline),
    ratio.toFixed(2),
    unit,
  ]);
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return column === 0 || column === 4 ? cell.padEnd(width) : cell.padStart(width);
      })
      .join('  ')
      .trimEnd();
  return [`${bench} on ${machine}`, line(head), ...rows.map(line)].join('\n');
}

function inFigures(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString('en') : value.toPrecision(3);
}
