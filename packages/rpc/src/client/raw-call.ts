import { status, type ChannelInterface, type Metadata, type StatusObject } from '@grpc/grpc-js';
import { rpcError, type RpcError } from '../status/rpc-error.js';
import { fromServiceError } from '../status/status-details.js';

/** What a call needs to begin. */
export interface CallStart {
  readonly path: string;
  /** Milliseconds since 1970, or Infinity. */
  readonly deadline: number;
  readonly metadata: Metadata;
  readonly signal: AbortSignal | undefined;
}

export interface RawCallListener {
  /** One message for each pull. */
  message(bytes: Buffer): void;
  /** The last thing heard of a call, exactly once: without an error when it ended well. */
  ended(error: RpcError | undefined): void;
}

/**
 * A call in messages of bytes, on the layer of grpc-js below its streams: those hold 16 messages a
 * side, and cost as much again for each call and message.
 */
export interface RawCall {
  /**
   * Hands a message over; `taken` is told when the connection has taken it. The first message must
   * be taken before the second is sent: before the call has a connection there is room for one.
   */
  send(message: Buffer, taken: () => void): void;
  /** Says that all is sent. No more than one message may be untaken. */
  halfClose(): void;
  /** Asks for one message. */
  pull(): void;
  /** Ends the call on both sides, for `error`. Nothing happens to one that has ended. */
  cancel(error: RpcError): void;
}

/** Throws when the channel is closed. */
export function startCall(
  channel: ChannelInterface,
  start: CallStart,
  listener: RawCallListener,
): RawCall {
  const call = createCall(channel, start);
  let ended = false;
  let reason: RpcError | undefined;

  function cancel(error: RpcError): void {
    if (ended || reason !== undefined) return;
    reason = error;
    call.cancelWithStatus(status.CANCELLED, error.message);
  }

  function onAbort(): void {
    cancel(cancelled(start.signal?.reason));
  }

  start.signal?.addEventListener('abort', onAbort);
  call.start(start.metadata, {
    onReceiveMetadata: () => undefined,
    onReceiveMessage: (bytes: Buffer) => {
      if (!ended && reason === undefined) listener.message(bytes);
    },
    onReceiveStatus: (received) => {
      if (ended) return;
      ended = true;
      start.signal?.removeEventListener('abort', onAbort);
      listener.ended(reason ?? errorOf(received));
    },
  });
  if (start.signal?.aborted === true) onAbort();

  return {
    send: (message, taken) => call.sendMessageWithContext({ callback: taken }, message),
    halfClose: () => call.halfClose(),
    pull: () => call.startRead(),
    cancel,
  };
}

/** The error of a call that its caller ended. */
export function cancelled(cause?: unknown): RpcError {
  return rpcError(status.CANCELLED, undefined, 'the caller cancelled the call', { cause });
}

function createCall(
  channel: ChannelInterface,
  { path, deadline }: CallStart,
): ReturnType<ChannelInterface['createCall']> {
  try {
    return channel.createCall(path, deadline, null, null, null);
  } catch (cause) {
    throw rpcError(status.UNAVAILABLE, undefined, 'the channel is closed', { cause });
  }
}

/**
 * What grpc-js calls INTERNAL and is no word of the server's: a connection that went away between being
 * chosen and being used, and a stream that was reset by something on the way.
 */
const transportFaults = ['Failed to start HTTP/2 stream', 'Received RST_STREAM with code'];
/** Of a stream the server reset as it was forced to its end. Who cancels here has an error of its own. */
const reset = 'Call cancelled';
/** Of a server that cannot be reached: what the last attempt said, and when. */
const notConnected =
  /^No connection established\. Last error: (?:Error: )?(.*?)\s*(?:\(\d{4}-[^)]*\))?\. Resolution note: $/su;

function errorOf(received: StatusObject): RpcError | undefined {
  const { code, details } = received;
  if (code === status.OK) return undefined;
  if (code === status.INTERNAL && transportFaults.some((fault) => details.startsWith(fault))) {
    return rpcError(status.UNAVAILABLE, undefined, details);
  }
  if (code === status.CANCELLED && details === reset) {
    return rpcError(status.UNAVAILABLE, undefined, 'the server broke the call off');
  }
  const why = code === status.UNAVAILABLE ? notConnected.exec(details)?.[1] : undefined;
  if (why !== undefined) return rpcError(code, undefined, `no connection: ${why}`);
  return fromServiceError(received);
}
