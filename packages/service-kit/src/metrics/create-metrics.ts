import { assert } from '@holdfast/domain';
import {
  collectDefaultMetrics,
  Counter,
  Gauge as PromGauge,
  Histogram,
  Registry,
} from 'prom-client';
import type { CounterSeries, Gauge, Labelled, Metrics } from './metrics.js';
import { createSeriesCache } from './series-cache.js';

const prefix = 'holdfast_';
/** What a name may end in, so that a reader knows what it counts in. */
const unitOfHistogram = /_(seconds|bytes|operations|objects|messages|entries)$/;
const metricName = /^[a-z][a-z0-9_]*$/;

/** The numbers of one process; `service` is a label of all of them. */
export function createMetrics(options: { readonly service: string }): Metrics {
  const registry = new Registry();
  registry.setDefaultLabels({ service: options.service });
  // Of these the names are known to dashboards everywhere, so they go without our prefix.
  collectDefaultMetrics({ register: registry });
  const known = new Map<string, { readonly shape: string; readonly metric: unknown }>();

  /** The metric that was made under this name before, or a new one. */
  function once<Made>(
    name: string,
    kind: string,
    help: string,
    labelNames: readonly string[],
    make: (config: MetricConfig) => Made,
  ): Made {
    assert(metricName.test(name) && !name.startsWith(prefix), `${name} is a name without prefix`);
    assert(help.length > 0, `${name} says what it means`);
    const shape = JSON.stringify([kind, labelNames]);
    const before = known.get(name);
    assert(before === undefined || before.shape === shape, `${name} is one kind of metric`);
    if (before !== undefined) return before.metric as Made;
    const registers = [registry];
    const metric = make({ name: prefix + name, help, labelNames: [...labelNames], registers });
    known.set(name, { shape, metric });
    return metric;
  }

  function gauge(name: string, help: string, labelNames?: readonly string[]): Gauge;
  function gauge(name: string, help: string, read: () => number): void;
  function gauge(
    name: string,
    help: string,
    labelsOrRead: readonly string[] | (() => number) = [],
  ): Gauge | undefined {
    assert(!name.endsWith('_total'), `${name} goes up and down, so it is no total`);
    if (typeof labelsOrRead !== 'function') {
      return once(name, 'gauge', help, labelsOrRead, (config) => gaugeOf(config, labelsOrRead));
    }
    once(name, 'read', help, [], (config) => readGauge(config, labelsOrRead));
    return undefined;
  }

  return {
    counter(name, help, labelNames = []) {
      assert(name.endsWith('_total'), `${name} counts, so it ends in _total`);
      return once(name, 'counter', help, labelNames, (config) => counterOf(config, labelNames));
    },

    gauge,

    histogram(name, help, labelNames, buckets) {
      assert(unitOfHistogram.test(name), `${name} ends in the unit that it counts in`);
      return once(name, 'histogram', help, labelNames, (config) => {
        const histogram = new Histogram({ ...config, buckets: [...buckets] });
        return createSeriesCache(labelNames, (labels) => {
          const series = histogram.labels(labels);
          return { observe: (value: number) => series.observe(value) };
        });
      });
    },

    text: () => registry.metrics(),
    contentType: registry.contentType,
  };
}

interface MetricConfig {
  readonly name: string;
  readonly help: string;
  readonly labelNames: string[];
  readonly registers: Registry[];
}

/** Adding only adds to a number of ours. The library, which is slower, hears of it when read. */
function counterOf(config: MetricConfig, labelNames: readonly string[]): Labelled<CounterSeries> {
  const unread: (() => void)[] = [];
  const counter = new Counter({
    ...config,
    collect() {
      for (const handOn of unread) handOn();
    },
  });
  return createSeriesCache(labelNames, (labels) => {
    const series = counter.labels(labels);
    let added = 0;
    unread.push(() => {
      series.inc(added);
      added = 0;
    });
    return {
      add(amount = 1) {
        assert(amount >= 0, 'a counter only goes up');
        added += amount;
      },
    };
  });
}

function gaugeOf(config: MetricConfig, labelNames: readonly string[]): Gauge {
  const gauge = new PromGauge(config);
  const cache = createSeriesCache(labelNames, (labels) => {
    const series = gauge.labels(labels);
    return {
      set: (value: number) => series.set(value),
      add: (amount: number) => series.inc(amount),
    };
  });
  return {
    labels: (...values) => cache.labels(...values),
    clear() {
      gauge.reset();
      cache.clear();
    },
  };
}

function readGauge(config: MetricConfig, read: () => number): PromGauge {
  return new PromGauge({
    ...config,
    collect() {
      this.set(numberOr(NaN, read));
    },
  });
}

/** One number that cannot be read, such as of a store that is closed, must not hide all others. */
function numberOr(instead: number, read: () => number): number {
  try {
    return read();
  } catch {
    return instead;
  }
}
