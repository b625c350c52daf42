import type { SpanExporter } from '@opentelemetry/sdk-trace-base';
import type { Logger } from '../logging/logger.js';

/** 0 is success in OpenTelemetry's result of an export. */
const exported = 0;

/** Says once that spans cannot be sent, and once that they can again: a missing collector is no flood. */
export function reportingExporter(
  exporter: SpanExporter,
  logger: Logger | undefined,
): SpanExporter {
  let failing = false;

  function report(code: number, error: Error | undefined): void {
    const failed = code !== exported;
    if (failed && !failing) logger?.warn({ cause: error }, 'traces cannot be sent');
    if (!failed && failing) logger?.info({}, 'traces can be sent again');
    failing = failed;
  }

  return {
    export(spans, done) {
      exporter.export(spans, (result) => {
        report(result.code, result.error);
        done(result);
      });
    },
    shutdown: () => exporter.shutdown(),
    forceFlush: () => exporter.forceFlush?.() ?? Promise.resolve(),
  };
}
