import { grpc, type ClientOptions } from 'google-gax';
import { unavailable } from './bigtable-errors.js';

/** What a client of the library answers when it is initialized: an authenticated gRPC client. */
export type Stub = grpc.Client & Readonly<Record<string, unknown>>;

interface LibraryClient {
  initialize(): Promise<unknown>;
  getProjectId(): Promise<string>;
}

export interface OpenedStub {
  readonly stub: Stub;
  /** The one that was given, or else that of the credentials. */
  readonly projectId: string;
}

export type LibraryOptions = ClientOptions;

const secondMs = 1_000;

/**
 * The calls of a client of the library without what it does around them: it would repeat calls by
 * itself, also those that must be sent once, and it doubles what a call costs.
 */
export async function openStub(
  client: LibraryClient,
  projectId: string | undefined,
): Promise<OpenedStub> {
  try {
    const stub = toStub(await client.initialize());
    return { stub, projectId: projectId ?? (await client.getProjectId()) };
  } catch (error) {
    // There are no credentials, or they are of no use.
    throw unavailable(error instanceof Error ? error.message : String(error), error);
  }
}

/** For a client of the library; every one so made has a connection of its own. */
export function libraryOptions(
  projectId: string | undefined,
  emulatorHost: string | undefined,
): LibraryOptions {
  return {
    ...(projectId === undefined ? undefined : { projectId }),
    // Clients with the same options would otherwise share one connection.
    'grpc.use_local_subchannel_pool': 1,
    'grpc.enable_retries': 0,
    'grpc.service_config_disable_resolution': 1,
    'grpc.primary_user_agent': 'holdfast',
    'grpc.keepalive_time_ms': 30 * secondMs,
    'grpc.keepalive_timeout_ms': 10 * secondMs,
    'grpc.initial_reconnect_backoff_ms': 100,
    'grpc.max_reconnect_backoff_ms': 2 * secondMs,
    ...(emulatorHost === undefined ? undefined : emulatorOptions(emulatorHost)),
  };
}

function emulatorOptions(emulatorHost: string): LibraryOptions {
  const colon = emulatorHost.lastIndexOf(':');
  return {
    servicePath: emulatorHost.slice(0, colon),
    port: Number(emulatorHost.slice(colon + 1)),
    sslCreds: grpc.credentials.createInsecure(),
    // Given, it is not looked for in credentials, of which an emulator needs none.
    clientOptions: { universeDomain: 'googleapis.com' },
  };
}

function toStub(raw: unknown): Stub {
  if (raw instanceof grpc.Client) return raw as Stub;
  throw new Error('the client library answered no gRPC client');
}
