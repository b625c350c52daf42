import type { ChannelOptions as TransportOptions } from '@grpc/grpc-js';
import type { ChannelLimits } from './channel-limits.js';

/** What grpc-js calls the limits of a channel, and what it would otherwise do by default. */
export function transportOptions(
  address: string,
  limits: ChannelLimits,
  serverName: string | undefined,
): TransportOptions {
  return {
    'grpc-node.flow_control_window': limits.windowBytes,
    'grpc.max_send_message_length': limits.sendBytesMax,
    'grpc.max_receive_message_length': limits.receiveBytesMax,
    'grpc.keepalive_time_ms': limits.keepaliveMs,
    'grpc.keepalive_timeout_ms': limits.keepaliveTimeoutMs,
    'grpc.initial_reconnect_backoff_ms': limits.reconnectMsMin,
    'grpc.max_reconnect_backoff_ms': limits.reconnectMsMax,
    'grpc.dns_min_time_between_resolutions_ms': limits.resolveMsMin,
    // Closing one channel must not touch the connections of another to the same address.
    'grpc.use_local_subchannel_pool': 1,
    'grpc.enable_retries': 0,
    // Without a buffer for retries a message counts as taken only when the connection has taken it.
    'grpc.per_rpc_retry_buffer_size': 0,
    'grpc.service_config_disable_resolution': 1,
    'grpc.service_config': JSON.stringify({ loadBalancingConfig: [balancing(address)] }),
    // A proxy from the environment is for the web, not for the services of one installation.
    'grpc.enable_http_proxy': 0,
    'grpc.enable_channelz': 0,
    ...(serverName === undefined ? {} : { 'grpc.ssl_target_name_override': serverName }),
  };
}

/** Only who asks for a name's addresses gets all of them: `localhost` is one server, not two. */
function balancing(address: string): object {
  return address.startsWith('dns:') ? { round_robin: {} } : { pick_first: {} };
}
