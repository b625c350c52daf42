import { credentials, Metadata, type ServiceError } from '@grpc/grpc-js';
import { maintenance, object } from '@holdfast/contracts';
import { fromServiceError, type RpcError } from '@holdfast/rpc';
import {
  createLogger,
  type ServiceScope,
  type ShutdownStep,
  type ShutdownTask,
} from '@holdfast/service-kit';
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startTieredStore } from '../../services/tiered-store/src/compose.js';
import { readSettings } from '../../services/tiered-store/src/config.js';

/** A tiered store of real storage within this process, and a plain gRPC client of it. */
export interface RunningStore {
  readonly client: object.ObjectServiceClient;
  readonly maintenance: maintenance.MaintenanceServiceClient;
  readonly address: string;
  readonly httpUrl: string;
  /** Where uploads are while they are under way. */
  readonly uploadsFolder: string;
  readonly lines: readonly string[];
  /** Ends it as its process does when it is told to. */
  shutDown(): Promise<void>;
  /** Ends it, if that was not done, and removes what it stored. */
  dispose(): Promise<void>;
}

const steps: readonly ShutdownStep[] = ['not-ready', 'drain', 'settle', 'force'];
const stepMs = 10_000;

export async function startStore(
  env: Readonly<Record<string, string>> = {},
): Promise<RunningStore> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-tiered-store-'));
  const lines: string[] = [];
  const scope = createScope();
  const settings = readSettings([], {
    HOLDFAST_LISTEN__PORT: '0',
    HOLDFAST_HTTP__PORT: '0',
    ...directoriesIn(folder, env),
    ...env,
  });
  const write = (line: string): void => void lines.push(line);
  const options = { level: 'info', service: 'tiered-store', format: 'json' } as const;
  const logger = createLogger(options, { write });
  const end = async (): Promise<void> => {
    await scope.shutDown();
    await rm(folder, { recursive: true });
  };
  const started = startTieredStore(settings, scope, { logger });
  const { server, http } = await started.catch(async (error: unknown) => {
    await end();
    throw error;
  });
  const address = `127.0.0.1:${server.address.port}`;
  const client = openClient(address);
  const maintainer = new maintenance.MaintenanceServiceClient(
    address,
    credentials.createInsecure(),
  );
  return {
    client,
    maintenance: maintainer,
    address,
    httpUrl: `http://127.0.0.1:${http.address.port}`,
    uploadsFolder: join(folder, 'blobs', 'tmp'),
    lines,
    shutDown: scope.shutDown,
    async dispose() {
      client.close();
      maintainer.close();
      await end();
    },
  };
}

/** For the tiers that have one, which those do that nothing else is said of. */
function directoriesIn(folder: string, env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { HOLDFAST_STORAGE__HIGH_VOLUME__KIND: rows = 'lmdb' } = env;
  const { HOLDFAST_STORAGE__LONG_TERM__KIND: blobs = 'filesystem' } = env;
  return {
    ...(rows === 'lmdb' && { HOLDFAST_STORAGE__HIGH_VOLUME__DIRECTORY: join(folder, 'rows') }),
    ...(blobs === 'filesystem' && {
      HOLDFAST_STORAGE__LONG_TERM__DIRECTORY: join(folder, 'blobs'),
    }),
  };
}

/** On a connection of its own. */
export function openClient(address: string): object.ObjectServiceClient {
  const options = { 'grpc.use_local_subchannel_pool': 1 };
  return new object.ObjectServiceClient(address, credentials.createInsecure(), options);
}

interface TestScope extends ServiceScope {
  shutDown(): Promise<void>;
}

export function createScope(): TestScope {
  const stopping = new AbortController();
  const tasks: { readonly step: ShutdownStep; readonly task: ShutdownTask }[] = [];
  let ended: Promise<void> | undefined;

  async function end(): Promise<void> {
    stopping.abort(new Error('the test ends'));
    for (const step of steps) {
      const until = performance.now() + stepMs;
      const signal = AbortSignal.timeout(stepMs);
      for (const { task } of tasks.filter((one) => one.step === step)) {
        await task({ msLeft: () => until - performance.now(), signal });
      }
    }
  }

  return {
    signal: stopping.signal,
    onShutdown: (step, _what, task) => void tasks.push({ step, task }),
    fail: (cause) => assert.fail(String(cause)),
    shutDown: () => (ended ??= end()),
  };
}

export function messageId(key: string): object.ObjectId {
  return { usecase: 'photos', scopes: [{ name: 'org', value: '42' }], key };
}

export type Upload = readonly object.PutObjectRequest['message'][];

export function uploadOf(
  key: string,
  payload: Uint8Array,
  more: Partial<object.PutObjectHeader> = {},
): Upload {
  const header = { objectId: messageId(key), metadata: undefined, condition: undefined, ...more };
  const messages: object.PutObjectRequest['message'][] = [{ $case: 'header', value: header }];
  const chunkBytes = 256 * 1024;
  for (let at = 0; at < payload.length; at += chunkBytes) {
    messages.push({ $case: 'chunk', value: payload.subarray(at, at + chunkBytes) });
  }
  messages.push({ $case: 'finish', value: { size: BigInt(payload.length) } });
  return messages;
}

/** Sends the messages and closes its side. */
export function put(
  client: object.ObjectServiceClient,
  upload: Upload,
): Promise<object.PutObjectResponse> {
  return new Promise((resolve, reject) => {
    const call = client.putObject((error, response) => {
      if (error === null) resolve(response);
      else reject(fromServiceError(error));
    });
    for (const message of upload) call.write({ message });
    call.end();
  });
}

export interface Downloaded {
  readonly header: object.GetObjectHeader;
  readonly bytes: Buffer;
  readonly chunkSizes: readonly number[];
}

export async function get(
  client: object.ObjectServiceClient,
  key: string,
  more: Partial<object.GetObjectRequest> = {},
): Promise<Downloaded> {
  const request = { objectId: messageId(key), range: undefined, ...more };
  let header: object.GetObjectHeader | undefined;
  const chunks: Uint8Array[] = [];
  try {
    const messages: AsyncIterable<object.GetObjectResponse> = client.getObject(request);
    for await (const { message } of messages) {
      if (message?.$case === 'header') header = message.value;
      else chunks.push(message?.value ?? assert.fail('a message is a header or a chunk'));
    }
  } catch (error) {
    throw fromServiceError(error as ServiceError);
  }
  assert(header !== undefined);
  return { header, bytes: Buffer.concat(chunks), chunkSizes: chunks.map(({ length }) => length) };
}

export function head(
  client: object.ObjectServiceClient,
  key: string,
): Promise<object.HeadObjectResponse> {
  return called((answer) => client.headObject({ objectId: messageId(key) }, answer));
}

export function remove(
  client: object.ObjectServiceClient,
  key: string,
): Promise<object.DeleteObjectResponse> {
  return called((answer) => client.deleteObject({ objectId: messageId(key) }, answer));
}

export function list(
  client: object.ObjectServiceClient,
  more: Partial<object.ListObjectsRequest> = {},
): Promise<object.ListObjectsResponse> {
  const request = { usecase: 'photos', scopes: [], pageSize: 0, pageToken: '', ...more };
  return called((answer) => client.listObjects(request, answer));
}

/** Names of all blobs, those that nothing refers to any more too. */
export async function blobNames(client: maintenance.MaintenanceServiceClient): Promise<string[]> {
  const names: string[] = [];
  let pageToken = '';
  do {
    const request = { pageSize: 0, pageToken };
    const page = await called<maintenance.ListBlobsResponse>((answer) =>
      client.listBlobs(request, answer),
    );
    names.push(...page.blobs.map(({ name }) => name));
    pageToken = page.nextPageToken;
  } while (pageToken !== '');
  return names;
}

/** The first page of what is not settled yet. */
export function pendingChanges(
  client: maintenance.MaintenanceServiceClient,
): Promise<maintenance.ListChangesResponse> {
  const request = { pageSize: 0, pageToken: '', dueAt: undefined };
  return called((answer) => client.listChanges(request, answer));
}

function called<Response>(
  call: (answer: (error: ServiceError | null, response: Response) => void) => unknown,
): Promise<Response> {
  return new Promise((resolve, reject) => {
    call((error, response) => {
      if (error === null) resolve(response);
      else reject(fromServiceError(error));
    });
  });
}

/** One BatchObjects stream. */
export interface BatchStream {
  send(...operations: OperationInput[]): void;
  close(): void;
  cancel(): void;
  next(): Promise<object.BatchResult>;
  /** How it ended: `undefined` with OK. */
  readonly ended: Promise<RpcError | undefined>;
}

export type OperationInput = Parameters<typeof object.BatchOperation.fromPartial>[0];

export function openBatch(
  client: object.ObjectServiceClient,
  metadata: Readonly<Record<string, string>> = {},
): BatchStream {
  const sent = new Metadata();
  for (const [key, value] of Object.entries(metadata)) sent.set(key, value);
  const call = client.batchObjects(sent);
  const results: object.BatchResult[] = [];
  let wake: () => void = () => undefined;
  let failure: RpcError | undefined;
  const ended = new Promise<RpcError | undefined>((resolve) => {
    call.on('error', (error: ServiceError) => {
      failure = fromServiceError(error);
      resolve(failure);
      wake();
    });
    call.on('end', () => resolve(undefined));
  });
  call.on('data', (response: object.BatchObjectsResponse) => {
    results.push(...response.results);
    wake();
  });
  return {
    send: (...operations) => {
      call.write(object.BatchObjectsRequest.fromPartial({ operations }));
    },
    close: () => call.end(),
    cancel: () => call.cancel(),
    async next() {
      while (results.length === 0) {
        if (failure !== undefined) throw failure;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      return results.shift() ?? assert.fail();
    },
    ended,
  };
}
