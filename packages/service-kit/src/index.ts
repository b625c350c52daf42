export { createCallObserver } from './calls/create-call-observer.js';
export type { CallFailure, CallObserver, CallRecord, ObservedCall } from './calls/call-observer.js';
export { createLineLimit } from './calls/line-limit.js';
export { isServerFault } from './calls/status-codes.js';
export { AtCapacityError } from './capacity/admission.js';
export type {
  Admission,
  AdmissionLimits,
  AdmissionOptions,
  OperationKind,
  Permit,
} from './capacity/admission.js';
export type { ByteBudget, Lease } from './capacity/byte-budget.js';
export { createAdmission } from './capacity/create-admission.js';
export { createByteBudget } from './capacity/create-byte-budget.js';
export { runEvery } from './duties/run-every.js';
export type { BackgroundLoop, DutyDependencies, DutyOptions } from './duties/run-every.js';
export { tellingOnce } from './duties/telling-once.js';
export type { HttpEndpoint } from './http/http-endpoint.js';
export type { HttpRoute } from './http/http-route.js';
export { startHttpEndpoint } from './http/start-http-endpoint.js';
export type { HttpEndpointDependencies, HttpEndpointOptions } from './http/start-http-endpoint.js';
export { isLoopback } from './exposure/loopback.js';
export { warnIfExposed } from './exposure/warn-exposed.js';
export { loadOrExit } from './lifecycle/exit-process.js';
export { runService } from './lifecycle/run-service.js';
export type { ServiceOptions } from './lifecycle/run-service.js';
export type { ServiceScope } from './lifecycle/service-scope.js';
export type { ShutdownStep, ShutdownTask, ShutdownTime } from './lifecycle/shutdown-steps.js';
export { stepBack } from './lifecycle/step-back.js';
export { createLogger } from './logging/create-logger.js';
export type { LogDestination, LoggerOptions } from './logging/create-logger.js';
export type { LogFields, LogFormat, Logger, LogLevel } from './logging/logger.js';
export { createMetrics } from './metrics/create-metrics.js';
export type {
  CounterSeries,
  Gauge,
  GaugeSeries,
  HistogramSeries,
  Labelled,
  Metrics,
} from './metrics/metrics.js';
export { nativeChecksum } from './native-checksum.js';
export { createRedisWatch } from './redis/redis-watch.js';
export type { RedisWatch, RedisWatchDependencies } from './redis/redis-watch.js';
export { createRevisionIds } from './revision-ids.js';
export { commonSettings } from './settings/common-settings.js';
export { loadSettings } from './settings/load-settings.js';
export type { SettingsSources } from './settings/load-settings.js';
export { redisSettings } from './settings/redis-settings.js';
export type { RedisChecks } from './settings/redis-settings.js';
export { Secret } from './settings/secret.js';
export { byteSize, durationMs, host, hostPort, port, secret } from './settings/setting-types.js';
export { storeSettings } from './settings/store-settings.js';
export { StartupError, startupErrorExitCode, startupErrorOf } from './startup-error.js';
export { systemClock } from './system-clock.js';
export { createTracer } from './tracing/create-tracer.js';
export type { TracerOptions } from './tracing/create-tracer.js';
export { parseTraceparent } from './tracing/traceparent.js';
export type { Span, SpanAttributes, SpanKind, SpanOptions, Tracer } from './tracing/tracer.js';
