/**
 * The tiered stores as one. A call goes to the next one in turn that is connected. One that is lost on the
 * way goes on to another, once to each: every call of the service may be repeated. When none is connected
 * it waits a little for one, and then fails.
 */
import { status } from '@grpc/grpc-js';
import type { Clock } from '@holdfast/domain';
import { RpcError } from '../status/rpc-error.js';
import type { Method } from '../wire/method.js';
import { openChannel } from './open-channel.js';
import type { ClientTls, RpcChannel } from './rpc-channel.js';
import { StoreUnreachable } from './store-unreachable.js';

export interface StoreChannels {
  call<Req, Res>(method: Method<Req, Res>, request: Req, options: ChannelCallOptions): Promise<Res>;
  /** How many stores are connected. */
  ready(): number;
  close(): void;
}

export interface ChannelCallOptions {
  readonly msMax: number;
  readonly signal?: AbortSignal | undefined;
}

/** How long a call waits for a store to be connected. */
const connectMsMax = 1_000;

export interface StoreChannelsOptions {
  readonly addresses: readonly string[];
  /** Missing: not encrypted. */
  readonly tls?: ClientTls | undefined;
}

/** Connects in the background. Throws for certificates that cannot be used. */
export function openStoreChannels(
  { addresses, tls }: StoreChannelsOptions,
  { clock }: { readonly clock: Clock },
): StoreChannels {
  const channels = addresses.map((address) => openChannel({ address, tls }));
  for (const channel of channels) channel.connect();
  let turn = 0;

  function nextReady(tried: ReadonlySet<RpcChannel>): RpcChannel | undefined {
    for (let step = 0; step < channels.length; step += 1) {
      turn = (turn + 1) % channels.length;
      const channel = channels[turn];
      if (channel?.state() === 'ready' && !tried.has(channel)) return channel;
    }
    return undefined;
  }

  async function firstReady(deadline: number, signal?: AbortSignal): Promise<RpcChannel> {
    const connected = nextReady(new Set());
    if (connected !== undefined) return connected;
    await anyReady(channels, Math.min(deadline, clock.now() + connectMsMax), signal);
    signal?.throwIfAborted();
    const channel = nextReady(new Set());
    if (channel !== undefined) return channel;
    throw new StoreUnreachable();
  }

  return {
    async call(method, request, { msMax, signal }) {
      const deadline = clock.now() + msMax;
      const tried = new Set<RpcChannel>();
      let channel = await firstReady(deadline, signal);
      for (;;) {
        try {
          return await channel.unary(method, request, { deadline, signal });
        } catch (error) {
          tried.add(channel);
          const another = isLost(error) ? nextReady(tried) : undefined;
          if (another === undefined || signal?.aborted === true) throw error;
          channel = another;
        }
      }
    },
    ready: () => channels.filter((channel) => channel.state() === 'ready').length,
    close() {
      for (const channel of channels) channel.close();
    },
  };
}

/** Resolves when one is connected, at `deadline`, or when `signal` aborts. */
function anyReady(
  channels: readonly RpcChannel[],
  deadline: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  return new Promise((resolve) => {
    let waiting = channels.length;
    const end = (): void => {
      signal?.removeEventListener('abort', end);
      resolve();
    };
    signal?.addEventListener('abort', end);
    for (const channel of channels) {
      void channel.waitForReady(deadline).then((isReady) => {
        waiting -= 1;
        if (isReady || waiting === 0) end();
      });
    }
  });
}

/** The connection failed, or the store is about to end. What a store itself has to say has details. */
function isLost(error: unknown): boolean {
  if (!(error instanceof RpcError)) return false;
  const { code, reason, details } = error;
  if (reason === 'SHUTTING_DOWN') return true;
  return code === status.UNAVAILABLE && reason === undefined && details === undefined;
}
