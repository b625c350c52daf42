import {
  Metadata,
  Server,
  ServerCredentials,
  status,
  type sendUnaryData,
  type ServerDuplexStream,
  type ServerReadableStream,
  type ServerUnaryCall,
  type ServerWritableStream,
} from '@grpc/grpc-js';
import { object } from '@holdfast/contracts';
import { rawRequests, splitBatchRequest } from '@holdfast/rpc';
import { promisify } from 'node:util';
import { openCuttablePort, type CuttablePort } from './cuttable-port.js';
import { createMemoryObjects, errorOutcome } from './memory-objects.js';
import type {
  Outcome,
  SeenDownload,
  SeenOperation,
  SeenUpload,
  StoreScript,
} from './store-script.js';

/** A tiered store, on plain grpc-js, that does what its script says and remembers what it was asked. */
export interface ScriptedStore {
  readonly address: string;
  /** Changed by tests at any time. */
  readonly script: StoreScript;
  readonly operations: SeenOperation[];
  readonly uploads: SeenUpload[];
  readonly downloads: SeenDownload[];
  readonly line: CuttablePort;
  /** Batch streams that are open now. */
  readonly streams: () => number;
  close(): Promise<void>;
}

type BatchCall = ServerDuplexStream<Buffer, object.BatchObjectsResponse>;
type UploadCall = ServerReadableStream<object.PutObjectRequest, object.PutObjectResponse>;
type DownloadCall = ServerWritableStream<object.GetObjectRequest, object.GetObjectResponse>;

export async function startScriptedStore(script: StoreScript = {}): Promise<ScriptedStore> {
  const server = new Server({
    'grpc.max_receive_message_length': 4 * 1024 * 1024,
    'grpc.max_send_message_length': 4 * 1024 * 1024,
  });
  const objects = createMemoryObjects();
  const operations: SeenOperation[] = [];
  const uploads: SeenUpload[] = [];
  const downloads: SeenDownload[] = [];
  let streams = 0;

  /** One at a time, as the real one: an operation that cannot be read fails alone. */
  async function run(call: BatchCall, index: number, bytes: Uint8Array): Promise<void> {
    const outcome = await outcomeOf(call, bytes).catch(() =>
      errorOutcome('INVALID_BATCH', 'it cannot be read'),
    );
    if (outcome !== 'never') call.write({ results: [{ index, outcome }] });
  }

  async function outcomeOf(call: BatchCall, bytes: Uint8Array): Promise<Outcome | 'never'> {
    const operation = object.BatchOperation.decode(bytes);
    const traffic = String(call.metadata.get('holdfast-class')[0]);
    const seen: SeenOperation = { operation, traffic };
    operations.push(seen);
    return script.operation?.(seen) ?? objects.run(operation);
  }

  function batchObjects(call: BatchCall): void {
    streams += 1;
    let isOpen = true;
    const over = (): void => {
      if (isOpen) streams -= 1;
      isOpen = false;
    };
    call.on('data', (message: Buffer) => {
      for (const { index, bytes } of splitBatchRequest(message)) void run(call, index, bytes);
    });
    call.on('end', () => call.end());
    call.on('cancelled', over);
    call.on('error', over);
  }

  function putObject(call: UploadCall, answer: sendUnaryData<object.PutObjectResponse>): void {
    let isAnswered = false;
    const upload: SeenUpload = {
      metadata: call.metadata,
      messages: [],
      bytes: 0,
      hasEnded: false,
      isCancelled: false,
      pause: () => call.pause(),
      resume: () => call.resume(),
      answer(response) {
        isAnswered = true;
        answer(null, response);
      },
      fail(error) {
        isAnswered = true;
        answer(error);
      },
    };
    uploads.push(upload);
    call.on('data', (message: object.PutObjectRequest) => {
      if (message.message?.$case === 'chunk') upload.bytes += message.message.value.length;
      // Large payloads would only fill the memory of the test.
      if (upload.messages.length < 64 || message.message?.$case === 'finish') {
        upload.messages.push(message);
      }
    });
    call.on('end', () => {
      upload.hasEnded = true;
      const isComplete = upload.messages.at(-1)?.message?.$case === 'finish';
      if (script.upload === undefined && isComplete) upload.answer(objects.stored(upload.bytes));
    });
    call.on('cancelled', () => {
      upload.isCancelled ||= !isAnswered;
    });
    call.on('error', () => undefined);
    script.upload?.(upload);
  }

  async function getObject(call: DownloadCall): Promise<void> {
    const { request, metadata } = call;
    const download: SeenDownload = { request, metadata, isCancelled: false, sent: 0 };
    downloads.push(download);
    call.on('cancelled', () => {
      download.isCancelled = true;
    });
    try {
      for await (const message of script.download?.(download) ?? []) {
        if (download.isCancelled) return;
        download.sent += 1;
        if (!call.write(message)) await drained(call);
      }
      call.end();
    } catch (error) {
      call.emit('error', error);
    }
  }

  function listObjects(
    call: ServerUnaryCall<object.ListObjectsRequest, object.ListObjectsResponse>,
    answer: sendUnaryData<object.ListObjectsResponse>,
  ): void {
    try {
      answer(
        null,
        script.list?.(call.request, call.metadata) ?? { objects: [], nextPageToken: '' },
      );
    } catch (error) {
      answer(error as Error);
    }
  }

  function single(
    _call: unknown,
    answer: (error: { code: status; metadata: Metadata }) => void,
  ): void {
    // A gateway has no reason to call these: small operations go over the shared streams.
    answer({ code: status.UNIMPLEMENTED, metadata: new Metadata() });
  }

  const { ObjectServiceService: service } = object;
  const served = { ...service, batchObjects: rawRequests(service.batchObjects) };
  server.addService(served, {
    batchObjects,
    putObject,
    getObject: (call: DownloadCall) => void getObject(call),
    listObjects,
    headObject: single,
    deleteObject: single,
  });
  const bind = promisify(server.bindAsync.bind(server));
  const line = await openCuttablePort(
    await bind('127.0.0.1:0', ServerCredentials.createInsecure()),
  );
  return {
    address: `127.0.0.1:${line.port}`,
    script,
    operations,
    uploads,
    downloads,
    line,
    streams: () => streams,
    async close() {
      await line.cut().catch(() => undefined);
      server.forceShutdown();
    },
  };
}

/** Resolves when there is room again, or nobody reads any more. */
function drained(call: DownloadCall): Promise<void> {
  return new Promise((resolve) => {
    call.once('drain', resolve);
    call.once('cancelled', resolve);
  });
}
