import {
  Client,
  credentials,
  Metadata,
  type CallOptions,
  type ChannelCredentials,
  type ClientDuplexStream,
  type ClientOptions,
  type ClientReadableStream,
  type ClientWritableStream,
  type ServiceError,
} from '@grpc/grpc-js';
import assert from 'node:assert/strict';
import { failureOf, methodOf, type Failure, type LoaderMethod } from './loader-contract.js';
import type {
  BatchAnswer,
  FinishMessage,
  GetAnswer,
  GetMessage,
  PutAnswer,
  PutHeaderMessage,
  UploadMessage,
} from './loader-messages.js';

export interface LoaderOptions {
  readonly deadline?: number;
  readonly metadata?: Readonly<Record<string, string>>;
}

export interface Upload {
  readonly call: ClientWritableStream<UploadMessage>;
  readonly answer: Promise<PutAnswer>;
  /** Resolves once the message has been handed over to a connection that takes it. */
  send(message: UploadMessage): Promise<void>;
}

export interface Downloaded {
  readonly header: NonNullable<GetAnswer['header']>;
  readonly payload: Buffer;
  readonly chunks: number;
}

export type Payload = Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
export type Unary = [service: 'object' | 'maintenance' | 'sweeper', name: string];

/** A client of the contract that shares no code with the servers. */
export interface LoaderClient {
  readonly client: Client;
  unary<Res extends object>(method: Unary, request: object, options?: LoaderOptions): Promise<Res>;
  put(
    header: PutHeaderMessage,
    payload: Payload,
    finish: FinishMessage,
    options?: LoaderOptions,
  ): Promise<PutAnswer>;
  get(request: GetMessage, options?: LoaderOptions): Promise<Downloaded>;
  openUpload(options?: LoaderOptions): Upload;
  openDownload(request: GetMessage, options?: LoaderOptions): ClientReadableStream<GetAnswer>;
  openBatch(options?: LoaderOptions): ClientDuplexStream<object, BatchAnswer>;
  close(): void;
}

const windowBytes = 1024 * 1024;
const messageBytesMax = 8 * 1024 * 1024;

export function openLoaderClient(
  address: string,
  channelCredentials: ChannelCredentials = credentials.createInsecure(),
  channelOptions: ClientOptions = {},
): LoaderClient {
  const client = new Client(address, channelCredentials, {
    'grpc-node.flow_control_window': windowBytes,
    'grpc.max_receive_message_length': messageBytesMax,
    // A connection of its own, not one that another client of this process already has.
    'grpc.use_local_subchannel_pool': 1,
    ...channelOptions,
  });

  function openUpload(options: LoaderOptions = {}): Upload {
    const { path, requestSerialize, responseDeserialize } = methodOf('object', 'PutObject');
    const answered = promiseOfAnswer<PutAnswer>();
    const call = client.makeClientStreamRequest(
      path,
      requestSerialize,
      responseDeserialize,
      metadataOf(options),
      callOptionsOf(options),
      answered.callback,
    ) as ClientWritableStream<UploadMessage>;
    // A call that has ended does not take what is still written: its answer says why.
    call.on('error', () => undefined);
    return { call, answer: answered.promise, send: sender(call, answered.promise) };
  }

  function openDownload(request: GetMessage, options: LoaderOptions = {}) {
    const { path, requestSerialize, responseDeserialize } = methodOf('object', 'GetObject');
    return client.makeServerStreamRequest(
      path,
      requestSerialize,
      responseDeserialize,
      request,
      metadataOf(options),
      callOptionsOf(options),
    ) as ClientReadableStream<GetAnswer>;
  }

  return {
    client,
    openUpload,
    openDownload,
    unary<Res extends object>([service, name]: Unary, request: object, options = {}) {
      return callUnary<Res>(client, methodOf(service, name), request, options);
    },
    async put(header, payload, finish, options) {
      const upload = openUpload(options);
      await upload.send({ header });
      for await (const chunk of payload) await upload.send({ chunk });
      await upload.send({ finish });
      upload.call.end();
      return upload.answer;
    },
    async get(request, options) {
      return collect(openDownload(request, options));
    },
    openBatch(options = {}) {
      const { path, requestSerialize, responseDeserialize } = methodOf('object', 'BatchObjects');
      return client.makeBidiStreamRequest(
        path,
        requestSerialize,
        responseDeserialize,
        metadataOf(options),
        callOptionsOf(options),
      ) as ClientDuplexStream<object, BatchAnswer>;
    },
    close() {
      client.close();
    },
  };
}

function callUnary<Res extends object>(
  client: Client,
  { path, requestSerialize, responseDeserialize }: LoaderMethod,
  request: object,
  options: LoaderOptions,
): Promise<Res> {
  const answered = promiseOfAnswer<Res>();
  client.makeUnaryRequest(
    path,
    requestSerialize,
    responseDeserialize as (bytes: Buffer) => Res,
    request,
    metadataOf(options),
    callOptionsOf(options),
    answered.callback,
  );
  return answered.promise;
}

/** An answer may come before everything is taken: what is then still sent goes nowhere. */
function sender(
  call: ClientWritableStream<UploadMessage>,
  answer: Promise<PutAnswer>,
): Upload['send'] {
  let wake = (): void => undefined;
  let isOver = false;
  const end = (): void => {
    isOver = true;
    wake();
  };
  answer.then(end, end);
  call.on('drain', () => wake());
  return (message) =>
    new Promise((resolve) => {
      wake = resolve;
      if (isOver || call.destroyed || call.write(message)) resolve();
    });
}

async function collect(call: ClientReadableStream<GetAnswer>): Promise<Downloaded> {
  let header: GetAnswer['header'];
  const chunks: Buffer[] = [];
  for await (const message of call as AsyncIterable<GetAnswer>) {
    if (message.chunk === undefined) {
      assert.equal(header, undefined, 'one header comes first');
      ({ header } = message);
    } else {
      assert.ok(header !== undefined, 'the header comes first');
      assert.ok(message.chunk.length > 0, 'no chunk is empty');
      chunks.push(message.chunk);
    }
  }
  assert.ok(header !== undefined, 'there is a header');
  return { header, payload: Buffer.concat(chunks), chunks: chunks.length };
}

interface Answered<Res> {
  readonly promise: Promise<Res>;
  readonly callback: (error: ServiceError | null, answer?: object) => void;
}

function promiseOfAnswer<Res extends object>(): Answered<Res> {
  let callback: Answered<Res>['callback'] = () => undefined;
  const promise = new Promise<Res>((resolve, reject) => {
    callback = (error, answer) => {
      if (error === null) resolve(answer as Res);
      else reject(error);
    };
  });
  // Who asks for the answer learns of it; until then it is not unhandled.
  promise.catch(() => undefined);
  return { promise, callback: (error, answer) => callback(error, answer) };
}

function metadataOf({ metadata = {} }: LoaderOptions): Metadata {
  return Metadata.fromHttp2Headers({ ...metadata });
}

function callOptionsOf({ deadline }: LoaderOptions): CallOptions {
  return deadline === undefined ? {} : { deadline };
}

/** How the call failed. Fails itself when it did not. */
export async function failed(call: Promise<unknown>): Promise<Failure> {
  const outcome = await call.then(
    () => undefined,
    (error: unknown) => ({ error }),
  );
  assert.ok(outcome !== undefined, 'the call fails');
  return failureOf(outcome.error);
}
