import type {
  CallOptions,
  ClientDuplexStream,
  ClientReadableStream,
  ClientWritableStream,
  Metadata,
  ServiceError,
} from '@grpc/grpc-js';
import { Metadata as EmptyMetadata, status } from '@grpc/grpc-js';
import { object } from '@holdfast/contracts';
import { fromServiceError, type RpcError } from '@holdfast/rpc';

/** Calls as a caller on plain grpc-js makes them. */

export interface CallSetup {
  readonly metadata?: Metadata;
  readonly deadline?: number;
}

const objectId: object.ObjectId = { usecase: 'tests', scopes: [], key: 'key' };

export function getRequest(over: Partial<object.GetObjectRequest> = {}): object.GetObjectRequest {
  return { objectId, range: undefined, ifRevision: undefined, ...over };
}

const headRequest: object.HeadObjectRequest = { objectId, ifRevision: undefined };
const deleteRequest: object.DeleteObjectRequest = { objectId, ifRevision: undefined };

export function head(
  client: object.ObjectServiceClient,
  setup: CallSetup = {},
): Promise<object.HeadObjectResponse> {
  return answered((done) => client.headObject(headRequest, ...args(setup), done));
}

export function remove(
  client: object.ObjectServiceClient,
  setup: CallSetup = {},
): Promise<object.DeleteObjectResponse> {
  return answered((done) => client.deleteObject(deleteRequest, ...args(setup), done));
}

export interface Upload {
  readonly call: ClientWritableStream<object.PutObjectRequest>;
  readonly response: Promise<object.PutObjectResponse>;
  header(): Upload;
  chunk(bytes: Uint8Array): Upload;
  finish(size: number, crc32c?: number): Upload;
  end(): Upload;
}

export function upload(client: object.ObjectServiceClient, setup: CallSetup = {}): Upload {
  let call: ClientWritableStream<object.PutObjectRequest> | undefined;
  const response = answered<object.PutObjectResponse>((done) => {
    call = client.putObject(...args(setup), done);
  });
  response.catch(() => undefined);
  if (call === undefined) throw new Error('the call was not made');
  const made = call;
  made.on('error', () => undefined);
  const send = (message: object.PutObjectRequest['message']): Upload => {
    made.write({ message });
    return self;
  };
  const self: Upload = {
    call: made,
    response,
    header: () => {
      const value = { objectId, metadata: undefined, condition: undefined };
      return send({ $case: 'header', value });
    },
    chunk: (value) => send({ $case: 'chunk', value }),
    finish: (size, crc32c) => send({ $case: 'finish', value: { size: BigInt(size), crc32c } }),
    end: () => {
      made.end();
      return self;
    },
  };
  return self;
}

/** A whole upload in chunks of this size. */
export function put(
  client: object.ObjectServiceClient,
  payload: Uint8Array,
  chunkBytes = 262_144,
  setup: CallSetup = {},
): Promise<object.PutObjectResponse> {
  const call = upload(client, setup).header();
  for (let at = 0; at < payload.length; at += chunkBytes) {
    call.chunk(payload.subarray(at, at + chunkBytes));
  }
  return call.finish(payload.length).end().response;
}

export interface Downloaded {
  readonly header: object.GetObjectHeader | undefined;
  readonly chunks: readonly Uint8Array[];
  readonly error: RpcError | undefined;
}

export function startGet(
  client: object.ObjectServiceClient,
  request = getRequest(),
  setup: CallSetup = {},
): ClientReadableStream<object.GetObjectResponse> {
  return client.getObject(request, ...args(setup));
}

/** All of a download, and how it ended. */
export async function get(
  client: object.ObjectServiceClient,
  request = getRequest(),
  setup: CallSetup = {},
): Promise<Downloaded> {
  const call = startGet(client, request, setup);
  const chunks: Uint8Array[] = [];
  let header: object.GetObjectHeader | undefined;
  try {
    for await (const { message } of call as AsyncIterable<object.GetObjectResponse>) {
      if (message?.$case === 'header') header = message.value;
      if (message?.$case === 'chunk') chunks.push(message.value);
    }
    return { header, chunks, error: undefined };
  } catch (error) {
    return { header, chunks, error: fromServiceError(error as ServiceError) };
  }
}

export interface BatchStream {
  readonly call: ClientDuplexStream<object.BatchObjectsRequest, object.BatchObjectsResponse>;
  readonly results: object.BatchResult[];
  send(...operations: readonly Partial<object.BatchOperation>[]): void;
  /** Resolves when so many results are there. */
  received(count: number): Promise<readonly object.BatchResult[]>;
  /** How the stream ended: nothing when it ended well. */
  readonly ended: Promise<RpcError | undefined>;
}

export function batch(client: object.ObjectServiceClient, setup: CallSetup = {}): BatchStream {
  const call = client.batchObjects(...args(setup));
  const results: object.BatchResult[] = [];
  let look: (() => void) | undefined;
  call.on('data', (message: object.BatchObjectsResponse) => {
    results.push(...message.results);
    look?.();
  });
  const ended = new Promise<RpcError | undefined>((resolve) => {
    call.on('error', (error: ServiceError) => resolve(fromServiceError(error)));
    call.on('status', ({ code }) => {
      if (code === status.OK) resolve(undefined);
    });
  });
  return {
    call,
    results,
    ended,
    send: (...operations) => {
      call.write({ operations: operations.map((one) => object.BatchOperation.fromPartial(one)) });
    },
    async received(count) {
      while (results.length < count) {
        await new Promise<void>((resolve, reject) => {
          look = resolve;
          void ended.then((error) => reject(error ?? new Error('the stream ended')));
        });
      }
      return results;
    },
  };
}

export function headOperation(index: number): Partial<object.BatchOperation> {
  return { index, operation: { $case: 'head', value: headRequest } };
}

export function getOperation(index: number): Partial<object.BatchOperation> {
  return { index, operation: { $case: 'get', value: getRequest() } };
}

export function deleteOperation(index: number): Partial<object.BatchOperation> {
  return { index, operation: { $case: 'delete', value: deleteRequest } };
}

export function putOperation(index: number, payload: Uint8Array): Partial<object.BatchOperation> {
  const header = { objectId, metadata: undefined, condition: undefined };
  return { index, operation: { $case: 'put', value: { header, payload, crc32c: undefined } } };
}

/** What a call fails with. */
export async function failure(call: Promise<unknown>): Promise<RpcError> {
  try {
    await call;
  } catch (error) {
    return error as RpcError;
  }
  throw new Error('the call did not fail');
}

function args({ metadata, deadline }: CallSetup): [Metadata, CallOptions] {
  return [metadata ?? new EmptyMetadata(), deadline === undefined ? {} : { deadline }];
}

function answered<T>(
  call: (done: (error: ServiceError | null, value: T) => void) => unknown,
): Promise<T> {
  return new Promise((resolve, reject) => {
    call((error, value) => {
      if (error === null) resolve(value);
      else reject(fromServiceError(error));
    });
  });
}
