import * as grpc from '@grpc/grpc-js';
import { object } from '@holdfast/contracts';
import { rawMethod } from '@holdfast/rpc';

const { ObjectServiceService: methods } = object;

/** Methods of the contract that carry bytes as they are: what they mean is not tested here. */
export const head = rawMethod(methods.headObject);
export const put = rawMethod(methods.putObject);
export const get = rawMethod(methods.getObject);
export const batch = rawMethod(methods.batchObjects);

export interface Answer {
  readonly response: Buffer;
  readonly metadata: grpc.Metadata;
}

/** A unary call. Rejects with the ServiceError. */
export function callHead(
  client: grpc.Client,
  request: Buffer,
  metadata: grpc.Metadata = new grpc.Metadata(),
  options: grpc.CallOptions = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    let initial = new grpc.Metadata();
    client
      .makeUnaryRequest(
        head.path,
        head.requestSerialize,
        head.responseDeserialize,
        request,
        metadata,
        options,
        (error, response) => {
          if (error !== null) reject(error);
          else resolve({ response: response ?? Buffer.alloc(0), metadata: initial });
        },
      )
      .on('metadata', (received: grpc.Metadata) => {
        initial = received;
      });
  });
}

export interface Upload {
  readonly stream: grpc.ClientWritableStream<Buffer>;
  readonly response: Promise<Buffer>;
}

export function startPut(client: grpc.Client, options: grpc.CallOptions = {}): Upload {
  let settle: (error: grpc.ServiceError | null, response?: Buffer) => void = () => undefined;
  const response = new Promise<Buffer>((resolve, reject) => {
    settle = (error, value) => {
      if (error === null) resolve(value ?? Buffer.alloc(0));
      else reject(error);
    };
  });
  response.catch(() => undefined);
  const stream = client.makeClientStreamRequest(
    put.path,
    put.requestSerialize,
    put.responseDeserialize,
    new grpc.Metadata(),
    options,
    (error, value) => {
      settle(error, value);
    },
  );
  return { stream, response };
}

export function startGet(
  client: grpc.Client,
  request: Buffer = Buffer.alloc(0),
  options: grpc.CallOptions = {},
): grpc.ClientReadableStream<Buffer> {
  return client.makeServerStreamRequest(
    get.path,
    get.requestSerialize,
    get.responseDeserialize,
    request,
    new grpc.Metadata(),
    options,
  );
}

export function startBatch(
  client: grpc.Client,
  options: grpc.CallOptions = {},
): grpc.ClientDuplexStream<Buffer, Buffer> {
  return client.makeBidiStreamRequest(
    batch.path,
    batch.requestSerialize,
    batch.responseDeserialize,
    new grpc.Metadata(),
    options,
  );
}

/** How a stream of answers ended; all of it is read and thrown away unless it is read before. */
export function statusOf(
  call: NodeJS.ReadableStream & grpc.ClientReadableStream<Buffer>,
): Promise<grpc.StatusObject> {
  return new Promise((resolve) => {
    call.on('error', () => undefined);
    call.on('status', resolve);
  });
}
