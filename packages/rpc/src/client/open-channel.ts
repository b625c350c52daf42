import { Channel } from '@grpc/grpc-js';
import { callStart, metadataOf } from './call-start.js';
import { channelCredentials } from './channel-credentials.js';
import { channelLimitDefaults } from './channel-limits.js';
import { watchConnectivity } from './connectivity.js';
import type { ChannelOptions, RpcChannel } from './rpc-channel.js';
import { bidiCall, downloadCall, uploadCall } from './stream-calls.js';
import { transportOptions } from './transport-options.js';
import { unaryCall } from './unary-call.js';

/**
 * Opens a channel; it connects with the first call, or when it is told to. Throws an Error of one
 * clear line for an address or a certificate file that cannot be used.
 */
export function openChannel({ address, tls, limits, metadata }: ChannelOptions): RpcChannel {
  const all = { ...channelLimitDefaults, ...limits };
  const channel = new Channel(
    address,
    channelCredentials(tls, all.certificateCheckMs),
    transportOptions(address, all, tls?.serverName),
  );
  const always = metadataOf(metadata);
  const connectivity = watchConnectivity(channel);

  return {
    address,
    state: () => connectivity.state(),
    waitForReady: (deadlineMs) => connectivity.waitForReady(deadlineMs),
    connect: () => connectivity.stayConnected(),
    close: () => channel.close(),
    async unary(method, request, options) {
      return unaryCall(channel, method, request, callStart(method.path, options, always));
    },
    download: (method, request, options) =>
      downloadCall(channel, method, request, callStart(method.path, options, always)),
    upload: (method, options) =>
      uploadCall(channel, method, callStart(method.path, options, always)),
    bidi: (method, options) => bidiCall(channel, method, callStart(method.path, options, always)),
  };
}
