import type { RpcError } from '../status/rpc-error.js';
import type { MessageReader, MessageWriter } from '../wire/message-stream.js';
import type { Method } from '../wire/method.js';
import type { ChannelLimits } from './channel-limits.js';

/** PEM files. They are looked at again and again: a replaced certificate needs no restart. */
export interface ClientTls {
  /** Who signs the certificates of servers. Missing: those that Node.js comes with. */
  readonly caFile?: string | undefined;
  /** The client's own certificate, with its key, where the server asks for one. */
  readonly certificateFile?: string | undefined;
  readonly privateKeyFile?: string | undefined;
  /** The name the server's certificate must have. Missing: the host of the address. */
  readonly serverName?: string | undefined;
}

export interface ChannelOptions {
  /** `host:port`. `dns:host:port` spreads the calls over all addresses the name has. */
  readonly address: string;
  /** Missing: nothing is encrypted. */
  readonly tls?: ClientTls | undefined;
  readonly limits?: Partial<ChannelLimits> | undefined;
  /** Sent with every call. */
  readonly metadata?: Readonly<Record<string, string>> | undefined;
}

export interface CallOptions {
  /** Milliseconds since 1970. Missing: none. */
  readonly deadline?: number | undefined;
  /** Cancels the call, also on the server. */
  readonly signal?: AbortSignal | undefined;
  /** Sent with the call, in place of what the channel sends under the same name. */
  readonly metadata?: Readonly<Record<string, string>> | undefined;
}

/** A response stream. Leaving a `for await` early cancels it. */
export interface ClientDownload<Res> extends MessageReader<Res> {
  /** Ends the call on both sides. Nothing happens to one that has ended. */
  cancel(): void;
}

export interface ClientUpload<Req, Res> extends MessageWriter<Req> {
  /** Says that all is sent, and answers the response. */
  finish(): Promise<Res>;
  /** Settles early where the server answers early. Nobody has to listen to it. */
  readonly response: Promise<Res>;
  cancel(): void;
}

export interface ClientBidi<Req, Res> extends MessageReader<Res>, MessageWriter<Req> {
  /** Says that all is sent; the server goes on answering. */
  halfClose(): void;
  cancel(): void;
  /** How the call ended, once it has: without a value when it ended well. Never rejects. */
  readonly status: Promise<RpcError | undefined>;
}

export type ChannelState = 'ready' | 'connecting' | 'idle' | 'failing';

/**
 * A way to one service, over connections of its own. Errors are RpcErrors throughout; a call that
 * cannot be begun (the channel is closed, metadata no header can carry) throws, or rejects, with one.
 */
export interface RpcChannel {
  readonly address: string;
  state(): ChannelState;
  /** Connects and waits; answers whether it is connected, at the latest at `deadlineMs` (epoch). */
  waitForReady(deadlineMs: number): Promise<boolean>;
  /** Begins to connect without a call, and from then on stays connected. */
  connect(): void;
  /** Takes no more calls. Those that run may end. */
  close(): void;
  unary<Req, Res>(method: Method<Req, Res>, request: Req, options: CallOptions): Promise<Res>;
  download<Req, Res>(
    method: Method<Req, Res>,
    request: Req,
    options: CallOptions,
  ): ClientDownload<Res>;
  upload<Req, Res>(method: Method<Req, Res>, options: CallOptions): ClientUpload<Req, Res>;
  bidi<Req, Res>(method: Method<Req, Res>, options: CallOptions): ClientBidi<Req, Res>;
}
