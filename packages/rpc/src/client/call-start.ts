import { Metadata, status } from '@grpc/grpc-js';
import { rpcError } from '../status/rpc-error.js';
import type { CallStart } from './raw-call.js';
import type { CallOptions } from './rpc-channel.js';

/** Deadlines further off are none: neither timers nor the protocol can carry them. */
const deadlineMsMax = 24 * 86_400_000;

type Pairs = Readonly<Record<string, string>> | undefined;

/** What a caller said about a call, as the transport wants it. */
export function callStart(path: string, options: CallOptions, always: Metadata): CallStart {
  return {
    path,
    deadline: soonOrNever(options.deadline),
    metadata: options.metadata === undefined ? always : metadataOf(options.metadata, always),
    signal: options.signal,
  };
}

/** Header fields. Throws INVALID_ARGUMENT for what no header can carry. */
export function metadataOf(pairs: Pairs, base: Metadata = new Metadata()): Metadata {
  const metadata = base.clone();
  try {
    for (const [name, value] of Object.entries(pairs ?? {})) metadata.set(name, value);
  } catch (cause) {
    throw rpcError(status.INVALID_ARGUMENT, undefined, 'metadata that no header can carry', {
      cause,
    });
  }
  return metadata;
}

function soonOrNever(deadline = Infinity): number {
  return deadline < Date.now() + deadlineMsMax ? deadline : Infinity;
}
