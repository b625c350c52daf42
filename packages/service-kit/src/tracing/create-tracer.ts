import {
  ROOT_CONTEXT,
  SpanKind as OtelSpanKind,
  SpanStatusCode,
  trace,
  type Span as OtelSpan,
} from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  BasicTracerProvider,
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace-base';
import type { Logger } from '../logging/logger.js';
import { reportingExporter } from './reporting-exporter.js';
import { formatTraceparent, parseTraceparent } from './traceparent.js';
import type { Span, SpanKind, Tracer } from './tracer.js';

export interface TracerOptions {
  /** Of a collector that speaks OTLP over HTTP, such as http://127.0.0.1:4318; none turns tracing off. */
  readonly endpoint?: string | undefined;
  readonly service: string;
  /** The part of the traces begun here that is recorded, 0 to 1. Who sends a trace along decides itself. */
  readonly sampleRatio: number;
}

/** Beyond it spans are dropped: nobody waits for a collector. */
const queuedSpansMax = 2_048;
const batchSpansMax = 512;
const batchMsMax = 2_000;
const exportMsMax = 10_000;
const closeMsMax = 3_000;
const attributeCharactersMax = 1_024;

const kinds: Readonly<Record<SpanKind, OtelSpanKind>> = {
  server: OtelSpanKind.SERVER,
  client: OtelSpanKind.CLIENT,
  internal: OtelSpanKind.INTERNAL,
};

export function createTracer(
  options: TracerOptions,
  dependencies: { readonly logger?: Logger | undefined } = {},
): Tracer {
  const { endpoint } = options;
  if (endpoint === undefined) return noTracer;
  const provider = createProvider(endpoint, options, dependencies.logger);
  const tracer = provider.getTracer('holdfast');
  return {
    enabled: true,
    startSpan(name, { kind, traceparent, attributes }) {
      const parent = parseTraceparent(traceparent);
      const context =
        parent === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, parent);
      const spanOptions = attributes === undefined ? {} : { attributes };
      return new RecordedSpan(
        tracer.startSpan(name, { kind: kinds[kind], ...spanOptions }, context),
      );
    },
    close: () => closeProvider(provider),
  };
}

class RecordedSpan implements Span {
  readonly traceparent: string;
  private readonly span: OtelSpan;

  constructor(span: OtelSpan) {
    this.span = span;
    this.traceparent = formatTraceparent(span.spanContext());
  }

  setAttribute(name: string, value: string | number | boolean): void {
    this.span.setAttribute(name, value);
  }

  setError(message: string): void {
    this.span.setStatus({ code: SpanStatusCode.ERROR, message });
  }

  end(): void {
    this.span.end();
  }
}

function createProvider(
  endpoint: string,
  { service, sampleRatio }: TracerOptions,
  logger: Logger | undefined,
): BasicTracerProvider {
  const exporter = new OTLPTraceExporter({ url: tracesUrl(endpoint), timeoutMillis: exportMsMax });
  const processor = new BatchSpanProcessor(reportingExporter(exporter, logger), {
    maxQueueSize: queuedSpansMax,
    maxExportBatchSize: batchSpansMax,
    scheduledDelayMillis: batchMsMax,
    exportTimeoutMillis: exportMsMax,
  });
  return new BasicTracerProvider({
    resource: resourceFromAttributes({ 'service.name': service }),
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(sampleRatio) }),
    spanLimits: { attributeValueLengthLimit: attributeCharactersMax },
    spanProcessors: [processor],
  });
}

/** Collectors take traces at this path unless the endpoint names another. */
function tracesUrl(endpoint: string): string {
  const url = new URL(endpoint);
  if (url.pathname === '/') url.pathname = '/v1/traces';
  return url.href;
}

async function closeProvider(provider: BasicTracerProvider): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const overtime = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, closeMsMax);
  });
  // What could not be sent was reported by the exporter.
  await Promise.race([provider.shutdown().catch(() => undefined), overtime]);
  clearTimeout(timer);
}

const noTracer: Tracer = {
  enabled: false,
  startSpan: (_name, { traceparent }) => ({
    traceparent,
    setAttribute: () => undefined,
    setError: () => undefined,
    end: () => undefined,
  }),
  close: () => Promise.resolve(),
};
