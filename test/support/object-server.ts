import {
  Metadata,
  Server,
  ServerCredentials,
  status,
  type ServerDuplexStream,
  type ServerReadableStream,
  type ServerWritableStream,
} from '@grpc/grpc-js';
import { object, rpc } from '@holdfast/contracts';
import { reasonError, rpcError, statusBytes, toRpcError, type RpcError } from '@holdfast/rpc';
import { nativeChecksum } from '@holdfast/service-kit';
import { once } from 'node:events';
import { createObjectMap, type ObjectMap } from './object-map.js';

/** As they are counted: a stream of its own, or an operation of a batch. */
export type ServedMethod =
  | 'PutObject'
  | 'GetObject'
  | 'ListObjects'
  | 'batch put'
  | 'batch get'
  | 'batch head'
  | 'batch delete';

/** Faults: each is asked at its moment, and does nothing where it is missing. */
export interface ServerFaults {
  /** Before anything is done: the call fails so. */
  refuse?: ((method: ServedMethod) => RpcError | undefined) | undefined;
  /** After everything is done: the answer is lost, and the connection with it where it is a batch. */
  loseReply?: ((method: ServedMethod) => boolean) | undefined;
  /** Waited for before anything is done. */
  hold?: ((method: ServedMethod) => Promise<void> | undefined) | undefined;
  /** Asked before each chunk of a download, with what was sent of it: the stream breaks. */
  cut?: ((sentBytes: number) => RpcError | undefined) | undefined;
  /** Waited for before each chunk of a download. */
  holdDownload?: ((sentBytes: number) => Promise<void> | undefined) | undefined;
  /** What a download sends in place of a chunk. */
  corrupt?: ((chunk: Buffer) => Buffer) | undefined;
  /** Asked for each chunk of an upload, with what had arrived: the upload is refused at once. */
  refuseUpload?: ((receivedBytes: number) => RpcError | undefined) | undefined;
}

export interface ObjectServer {
  readonly address: string;
  readonly port: number;
  readonly map: ObjectMap;
  readonly faults: ServerFaults;
  readonly served: ServedMethod[];
  /** Metadata of every call, in the order of their arrival. */
  readonly metadata: Metadata[];
  /** Cancelled or broken streams of downloads. */
  readonly cancelled: () => number;
  /** Cuts every connection and stops. */
  stop(): Promise<void>;
}

const chunkBytes = 256 * 1024;
const inlineBytesMax = 1024 * 1024;

/** An ObjectService in this process, over a Map. `port` and `map` are for one that restarts. */
export async function startObjectServer(
  given: { readonly port?: number; readonly map?: ObjectMap } = {},
): Promise<ObjectServer> {
  const state = {
    map: given.map ?? createObjectMap(),
    faults: {} as ServerFaults,
    served: [] as ServedMethod[],
    metadata: [] as Metadata[],
    cancelled: 0,
  };
  const server = new Server();
  server.addService(object.ObjectServiceService, createHandlers(state));
  const port = await bind(server, given.port ?? 0);
  const { map, faults, served, metadata } = state;
  return {
    address: `127.0.0.1:${port}`,
    port,
    map,
    faults,
    served,
    metadata,
    cancelled: () => state.cancelled,
    async stop() {
      const ended = new Promise((resolve) => server.tryShutdown(resolve));
      server.forceShutdown();
      await ended;
    },
  };
}

type State = Pick<ObjectServer, 'map' | 'faults' | 'served' | 'metadata'> & { cancelled: number };

function bind(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
}

function createHandlers(state: State) {
  return {
    putObject(
      call: ServerReadableStream<object.PutObjectRequest, object.PutObjectResponse>,
      reply: (error: object | null, response?: object.PutObjectResponse) => void,
    ): void {
      state.metadata.push(call.metadata);
      serve(state, 'PutObject', () => receiveUpload(state, call)).then(
        (response) => reply(null, response),
        (error: unknown) => reply(serviceError(error)),
      );
    },
    getObject(call: ServerWritableStream<object.GetObjectRequest, object.GetObjectResponse>): void {
      state.metadata.push(call.metadata);
      call.on('cancelled', () => (state.cancelled += 1));
      serve(state, 'GetObject', () => sendDownload(state, call)).then(
        () => call.end(),
        (error: unknown) => call.emit('error', serviceError(error)),
      );
    },
    listObjects(
      call: { readonly request: object.ListObjectsRequest; readonly metadata: Metadata },
      reply: (error: object | null, response?: object.ListObjectsResponse) => void,
    ): void {
      state.metadata.push(call.metadata);
      serve(state, 'ListObjects', async () => state.map.list(call.request)).then(
        (response) => reply(null, response),
        (error: unknown) => reply(serviceError(error)),
      );
    },
    batchObjects(
      call: ServerDuplexStream<object.BatchObjectsRequest, object.BatchObjectsResponse>,
    ): void {
      state.metadata.push(call.metadata);
      serveBatch(state, call);
    },
    headObject: unused,
    deleteObject: unused,
  };
}

/** The client sends these within a batch. */
function unused(_call: unknown, reply: (error: object) => void): void {
  reply({ code: status.UNIMPLEMENTED, details: 'not for this client' });
}

async function serve<T>(state: State, method: ServedMethod, act: () => Promise<T>): Promise<T> {
  state.served.push(method);
  const refusal = state.faults.refuse?.(method);
  if (refusal !== undefined) throw refusal;
  await state.faults.hold?.(method);
  const answer = await act();
  if (state.faults.loseReply?.(method) === true) throw lostReply();
  return answer;
}

function lostReply(): RpcError {
  return rpcError(status.UNAVAILABLE, undefined, 'Connection dropped');
}

function serviceError(error: unknown): object {
  const { code, message } = toRpcError(error);
  const metadata = new Metadata();
  const { reason } = toRpcError(error);
  if (reason !== undefined) {
    metadata.set('grpc-status-details-bin', statusBytes(toRpcError(error)));
  }
  return { code, details: message, metadata };
}

async function receiveUpload(
  { map, faults }: State,
  call: AsyncIterable<object.PutObjectRequest>,
): Promise<object.PutObjectResponse> {
  let header: object.PutObjectHeader | undefined;
  let finish: object.PutObjectFinish | undefined;
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const { message } of call) {
    if (finish !== undefined || (header === undefined) !== (message?.$case === 'header')) {
      throw reasonError('INVALID_STREAM', 'a message is out of order');
    }
    if (message?.$case === 'header') header = message.value;
    if (message?.$case === 'finish') finish = message.value;
    if (message?.$case !== 'chunk') continue;
    const refusal = faults.refuseUpload?.(size);
    if (refusal !== undefined) throw refusal;
    chunks.push(message.value);
    size += message.value.length;
  }
  if (finish === undefined) throw reasonError('CANCELLED', 'the upload has no finish');
  const payload = Buffer.concat(chunks);
  const crc32c = nativeChecksum.crc32c(payload, 0);
  if (Number(finish.size) !== payload.length || (finish.crc32c ?? crc32c) !== crc32c) {
    throw reasonError('CONTENT_MISMATCH', 'finish: what arrived is something else');
  }
  return map.put(header, payload);
}

async function sendDownload(
  { map, faults }: State,
  call: ServerWritableStream<object.GetObjectRequest, object.GetObjectResponse>,
): Promise<void> {
  const { info, payload, span } = map.get(call.request);
  const wire = { offset: BigInt(span.offset), length: BigInt(span.length) };
  call.write({ message: { $case: 'header', value: { object: info, span: wire } } });
  const end = span.offset + span.length;
  for (let at = span.offset; at < end; at += chunkBytes) {
    if (call.cancelled) return;
    await faults.holdDownload?.(at - span.offset);
    const cut = faults.cut?.(at - span.offset);
    if (cut !== undefined) throw cut;
    const chunk = payload.subarray(at, Math.min(end, at + chunkBytes));
    const value = faults.corrupt?.(chunk) ?? chunk;
    if (!call.write({ message: { $case: 'chunk', value } })) await drained(call);
  }
}

async function drained(
  call: ServerWritableStream<object.GetObjectRequest, object.GetObjectResponse>,
): Promise<void> {
  const given = new AbortController();
  await Promise.race([
    once(call, 'drain', given),
    once(call, 'cancelled', given),
    once(call, 'close', given),
  ]).finally(() => given.abort());
}

function serveBatch(
  state: State,
  call: ServerDuplexStream<object.BatchObjectsRequest, object.BatchObjectsResponse>,
): void {
  const outstanding = new Set<number>();
  let isEnded = false;
  const finish = (): void => {
    if (isEnded && outstanding.size === 0) call.end();
  };
  const run = async (operation: object.BatchOperation): Promise<void> => {
    const { index } = operation;
    let outcome: object.BatchResult['outcome'];
    try {
      outcome = await runOperation(state, operation);
    } catch (error) {
      const failure = toRpcError(error);
      if (failure.code === status.UNAVAILABLE && failure.reason === undefined) {
        call.emit('error', serviceError(failure));
        return;
      }
      outcome = { $case: 'error', value: rpc.Status.decode(statusBytes(failure)) };
    }
    outstanding.delete(index);
    call.write({ results: [{ index, outcome }] });
    finish();
  };
  call.on('data', ({ operations }: object.BatchObjectsRequest) => {
    for (const operation of operations) {
      if (outstanding.has(operation.index) || operations.length > 1_000) {
        call.emit('error', serviceError(reasonError('INVALID_BATCH', 'given twice')));
        return;
      }
      outstanding.add(operation.index);
      void run(operation);
    }
  });
  call.on('end', () => {
    isEnded = true;
    finish();
  });
}

async function runOperation(
  state: State,
  { operation }: object.BatchOperation,
): Promise<object.BatchResult['outcome']> {
  if (operation === undefined) throw reasonError('INVALID_BATCH', 'operation: must be set');
  return serve(state, `batch ${operation.$case}`, async () => {
    switch (operation.$case) {
      case 'put':
        return { $case: 'put', value: putSmall(state.map, operation.value) } as const;
      case 'get':
        return { $case: 'get', value: getSmall(state, operation.value) } as const;
      case 'head':
        return { $case: 'head', value: { object: state.map.head(operation.value) } } as const;
      case 'delete':
        return { $case: 'delete', value: state.map.delete(operation.value) } as const;
    }
  });
}

function putSmall(map: ObjectMap, { header, payload, crc32c }: object.BatchPut) {
  if (payload.length > inlineBytesMax) throw reasonError('PAYLOAD_TOO_LARGE', 'payload: too large');
  const actual = nativeChecksum.crc32c(payload, 0);
  if ((crc32c ?? actual) !== actual) throw reasonError('CONTENT_MISMATCH', 'crc32c: differs');
  return map.put(header, Buffer.from(payload));
}

function getSmall({ map, faults }: State, request: object.GetObjectRequest): object.BatchGetResult {
  const { info, payload, span } = map.get(request);
  const bytes = payload.subarray(span.offset, span.offset + span.length);
  return {
    object: info,
    span: { offset: BigInt(span.offset), length: BigInt(span.length) },
    payload: bytes.length > inlineBytesMax ? undefined : (faults.corrupt?.(bytes) ?? bytes),
  };
}
