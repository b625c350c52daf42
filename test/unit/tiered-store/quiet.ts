import {
  createLogger,
  createMetrics,
  type LogFields,
  type Logger,
  type Metrics,
} from '@holdfast/service-kit';

export interface LogLine extends LogFields {
  readonly level: string;
  readonly message: string;
}

/** A logger whose lines a test can look at. */
export function createListener(): { readonly logger: Logger; readonly lines: readonly LogLine[] } {
  const lines: LogLine[] = [];
  const write = (line: string): void => void lines.push(JSON.parse(line) as LogLine);
  const logger = createLogger({ level: 'debug', service: 'test', format: 'json' }, { write });
  return { logger, lines };
}

/** What a metric stands at; with labels as they are written, in their order. */
export async function metricValue(metrics: Metrics, series: string): Promise<number | undefined> {
  const lines = (await metrics.text()).split('\n');
  const [name = '', labels] = series.split(/[{}]/);
  const line = lines.find((one) => {
    return one.startsWith(`holdfast_${name}{`) && (labels === undefined || one.includes(labels));
  });
  return line === undefined ? undefined : Number(line.slice(line.lastIndexOf(' ') + 1));
}

export function testMetrics(): Metrics {
  return createMetrics({ service: 'test' });
}
