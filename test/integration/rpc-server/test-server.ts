import * as grpc from '@grpc/grpc-js';
import type {
  CallObserver,
  CallStart,
  RpcError,
  RpcMethod,
  RpcServer,
  ServerLimits,
  ServerTls,
} from '@holdfast/rpc';
import { startRpcServer } from '@holdfast/rpc';
import { systemClock } from '@holdfast/service-kit';
import { EventEmitter, once } from 'node:events';

/** A call as the observer was told of it. */
export interface SeenCall extends CallStart {
  /** Every end that was told: there should be one. */
  readonly ends: { readonly code: grpc.status; readonly error: RpcError | undefined }[];
}

export interface TestServer {
  readonly server: RpcServer;
  readonly port: number;
  readonly calls: readonly SeenCall[];
  readonly refusals: readonly string[];
  /** Resolves with the first call once `count` of them have ended. */
  ended(count?: number): Promise<SeenCall>;
  refused(): Promise<void>;
  /** Over one connection of its own. */
  client(options?: grpc.ClientOptions): grpc.Client;
  close(): Promise<void>;
}

/** Long enough for callers to hear how their calls ended. */
const closeMsMax = 1_000;

export async function startTestServer(
  methods: readonly RpcMethod[],
  limits: Partial<ServerLimits> = {},
  tls?: ServerTls,
): Promise<TestServer> {
  const calls: SeenCall[] = [];
  const refusals: string[] = [];
  const clients: grpc.Client[] = [];
  const events = new EventEmitter();
  const endedCount = (): number => calls.filter(({ ends }) => ends.length > 0).length;
  const observer: CallObserver = {
    started(start) {
      const call: SeenCall = { ...start, ends: [] };
      calls.push(call);
      return {
        traceparent: undefined,
        ended(code, error) {
          call.ends.push({ code, error });
          events.emit('ended');
        },
      };
    },
    refused(why) {
      refusals.push(why);
      events.emit('refused');
    },
  };
  let made = 0;
  const server = await startRpcServer({ host: '127.0.0.1', port: 0, tls, limits }, methods, {
    clock: systemClock,
    observer,
    requestIds: () => `made-${(made += 1)}`,
  });
  const { port } = server.address;
  return {
    server,
    port,
    calls,
    refusals,
    async ended(count = 1) {
      while (endedCount() < count) await once(events, 'ended');
      const [first] = calls;
      if (first === undefined) throw new Error('no call was seen');
      return first;
    },
    async refused() {
      while (refusals.length === 0) await once(events, 'refused');
    },
    client(options = {}) {
      const client = new grpc.Client(`127.0.0.1:${port}`, grpc.credentials.createInsecure(), {
        'grpc.use_local_subchannel_pool': 1,
        ...options,
      });
      clients.push(client);
      return client;
    },
    async close() {
      for (const client of clients) client.close();
      await server.close(closeMsMax);
    },
  };
}
