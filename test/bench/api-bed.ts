import { createClient, type Client } from '@holdfast/client';
import { object } from '@holdfast/contracts';
import { credentials } from '@grpc/grpc-js';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startRaw, startService, streamWindowBytes, type BenchProcess } from './api-processes.js';
import { openRawClient, type RawClient } from './raw-client.js';

/** All that the api bench runs against: two services and the baseline, each process by itself. */
export interface ApiBed {
  readonly store: BenchProcess;
  readonly gateway: BenchProcess;
  readonly origin: BenchProcess;
  readonly proxy: BenchProcess;
  /** The client library. */
  readonly client: Client;
  /** What grpc-js makes of the contract. */
  readonly plain: object.ObjectServiceClient;
  /** Straight to the origin. */
  readonly raw: RawClient;
  /** To the origin by way of the proxy. */
  readonly rawByProxy: RawClient;
  close(): Promise<void>;
}

export async function openApiBed(): Promise<ApiBed> {
  const directory = await mkdtemp(join(tmpdir(), 'holdfast-bench-'));
  const store = await startService('tiered-store', {
    HOLDFAST_STORAGE__HIGH_VOLUME__DIRECTORY: join(directory, 'rows'),
    HOLDFAST_STORAGE__LONG_TERM__DIRECTORY: join(directory, 'blobs'),
    HOLDFAST_ENGINE__READER_GRACE_MS: '0',
  });
  const gateway = await startService('gateway', {
    HOLDFAST_TIERED_STORE__ADDRESSES: `127.0.0.1:${store.port}`,
  });
  const origin = await startRaw('origin', directory);
  const proxy = await startRaw('proxy', origin.port);
  const address = `127.0.0.1:${gateway.port}`;
  const client = createClient({ address });
  const plain = new object.ObjectServiceClient(address, credentials.createInsecure(), {
    'grpc-node.flow_control_window': streamWindowBytes,
  });
  const raw = openRawClient(origin.port, streamWindowBytes);
  const rawByProxy = openRawClient(proxy.port, streamWindowBytes);
  return {
    store,
    gateway,
    origin,
    proxy,
    client,
    plain,
    raw,
    rawByProxy,
    async close() {
      await client.close();
      for (const opened of [plain, raw, rawByProxy]) opened.close();
      for (const process of [gateway, store, proxy, origin]) await process.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
