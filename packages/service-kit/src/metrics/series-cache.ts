import { assert } from '@holdfast/domain';
import type { Labelled } from './metrics.js';

/** What a metric has at most, so that values from outside cannot fill the memory. */
const seriesMax = 2_000;

export interface SeriesCache<Series> extends Labelled<Series> {
  clear(): void;
}

/** Makes each series once. */
export function createSeriesCache<Series>(
  labelNames: readonly string[],
  make: (labels: Record<string, string>) => Series,
): SeriesCache<Series> {
  const made = new Map<string, Series>();
  let rest: Series | undefined;

  function labelled(values: readonly string[]): Series {
    return make(Object.fromEntries(labelNames.map((name, at) => [name, values[at] ?? ''])));
  }

  return {
    labels(...values) {
      assert(values.length === labelNames.length, 'a series has a value for each label');
      const key = values.join('\0');
      const known = made.get(key);
      if (known !== undefined) return known;
      if (made.size >= seriesMax) return (rest ??= labelled(labelNames.map(() => 'other')));
      const series = labelled(values);
      made.set(key, series);
      return series;
    },
    clear() {
      made.clear();
      rest = undefined;
    },
  };
}
