/** One series of a counter. It shows from when it was asked for, with a zero and not a gap. */
export interface CounterSeries {
  add(amount?: number): void;
}

/** One series of a gauge. */
export interface GaugeSeries {
  set(value: number): void;
  add(amount: number): void;
}

/** One series of a histogram. */
export interface HistogramSeries {
  observe(value: number): void;
}

/**
 * Its series by the values of its labels, in the order of their names. Asking for a series looks it
 * up: who counts often asks once and keeps it. Beyond `seriesMax` all new values share one series,
 * whose labels are all `other`.
 */
export interface Labelled<Series> {
  labels(...values: readonly string[]): Series;
}

export interface Gauge extends Labelled<GaugeSeries> {
  /** Forgets all series, for who sets all of them again. */
  clear(): void;
}

/**
 * What a process tells about itself in numbers. Names are given without the prefix `holdfast_`; they
 * end in the unit they count in, those of counters in `_total`. Asking for the same metric again
 * answers the same one.
 */
export interface Metrics {
  counter(name: string, help: string, labelNames?: readonly string[]): Labelled<CounterSeries>;
  gauge(name: string, help: string, labelNames?: readonly string[]): Gauge;
  /** A gauge without labels, read whenever it is asked for. */
  gauge(name: string, help: string, read: () => number): void;
  histogram(
    name: string,
    help: string,
    labelNames: readonly string[],
    buckets: readonly number[],
  ): Labelled<HistogramSeries>;
  /** All of it, in the text format of Prometheus. */
  text(): Promise<string>;
  readonly contentType: string;
}
