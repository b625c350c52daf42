import { credentials, Metadata } from '@grpc/grpc-js';
import { object } from '@holdfast/contracts';
import {
  createLogger,
  type ServiceScope,
  type ShutdownStep,
  type ShutdownTask,
} from '@holdfast/service-kit';
import { startGateway } from '../../../services/gateway/src/compose.js';
import { readSettings, type Settings } from '../../../services/gateway/src/config.js';

/** A real gateway in this process, on free ports. */
export interface GatewayUnderTest {
  readonly address: string;
  readonly httpAddress: string;
  /** A caller, on plain grpc-js. */
  readonly client: object.ObjectServiceClient;
  openClient(): object.ObjectServiceClient;
  /** What SIGTERM does. */
  shutDown(): Promise<void>;
  /** Of the series with this label; of the only one without. */
  metric(name: string, label?: string): Promise<number>;
}

type Overrides = { readonly [Section in keyof Settings]?: Partial<Settings[Section]> };

const drainMs = 5_000;

export async function startGatewayUnderTest(
  stores: readonly string[],
  overrides: Overrides = {},
): Promise<GatewayUnderTest> {
  const defaults = readSettings([], {});
  const settings: Settings = {
    ...defaults,
    listen: { host: '127.0.0.1', port: 0 },
    http: { host: '127.0.0.1', port: 0 },
    tieredStore: { ...defaults.tieredStore, ...overrides.tieredStore, addresses: [...stores] },
    limits: { ...defaults.limits, ...overrides.limits },
    retries: { ...defaults.retries, ...overrides.retries },
    tls: undefined,
  };
  const tasks: { readonly step: ShutdownStep; readonly task: ShutdownTask }[] = [];
  const stopping = new AbortController();
  const scope: ServiceScope = {
    onShutdown: (step, _what, task) => void tasks.push({ step, task }),
    signal: stopping.signal,
    fail: (cause) => {
      throw cause;
    },
  };
  const silent = createLogger({ level: 'error', service: 'gateway', format: 'json' });
  const { server, http } = await startGateway(settings, scope, { logger: silent });
  const address = `127.0.0.1:${server.address.port}`;
  const httpAddress = `http://127.0.0.1:${http.address.port}`;
  const clients: object.ObjectServiceClient[] = [];

  function openClient(): object.ObjectServiceClient {
    const client = new object.ObjectServiceClient(address, credentials.createInsecure(), {
      'grpc.use_local_subchannel_pool': 1,
      'grpc.max_receive_message_length': 4 * 1024 * 1024,
    });
    clients.push(client);
    return client;
  }

  async function shutDown(): Promise<void> {
    stopping.abort(new Error('the gateway shuts down'));
    const time = { msLeft: () => drainMs, signal: new AbortController().signal };
    for (const step of ['not-ready', 'drain', 'settle', 'force'] as const) {
      for (const registered of tasks) if (registered.step === step) await registered.task(time);
    }
    for (const client of clients) client.close();
  }

  return {
    address,
    httpAddress,
    client: openClient(),
    openClient,
    shutDown,
    async metric(name, label = '') {
      const text = await (await fetch(`${httpAddress}/metrics`)).text();
      const lines = text.split('\n').filter((one) => one.startsWith(`holdfast_${name}{`));
      const line = lines.find((one) => one.includes(label));
      return Number(line?.split(' ').at(-1) ?? Number.NaN);
    },
  };
}

export function metadataOf(pairs: Readonly<Record<string, string>>): Metadata {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(pairs)) metadata.set(name, value);
  return metadata;
}
