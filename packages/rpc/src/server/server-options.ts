import type { ServerInterceptor, ServerOptions } from '@grpc/grpc-js';
import type { ServerLimits } from './server-limits.js';

/** The limits that grpc-js keeps. Its own defaults have next to none. */
export function grpcServerOptions(
  limits: ServerLimits,
  interceptor: ServerInterceptor,
): ServerOptions {
  return {
    'grpc.max_receive_message_length': limits.messageBytesMax,
    'grpc.max_concurrent_streams': limits.streamsPerConnectionMax,
    'grpc-node.max_session_memory': limits.sessionMemoryMiB,
    'grpc.keepalive_time_ms': limits.keepaliveMs,
    'grpc.keepalive_timeout_ms': limits.keepaliveTimeoutMs,
    'grpc.max_connection_idle_ms': limits.idleMsMax,
    'grpc.max_connection_age_ms': limits.ageMsMax,
    'grpc.max_connection_age_grace_ms': limits.ageGraceMsMax,
    // It counts every message for a diagnostic service that is not served here.
    'grpc.enable_channelz': 0,
    interceptors: [interceptor],
  };
}
