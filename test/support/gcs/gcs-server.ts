import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createBucket } from './bucket-requests.js';
import { createFaults } from './faults.js';
import type { GcsState } from './gcs-state.js';
import type { GcsServer, GcsServerOptions, StoredObject } from './gcs-types.js';
import { sortedObjects } from './object-list.js';
import type { ObjectRecord } from './object-resource.js';
import { serveRequest, type RequestFlow } from './request-flow.js';
import { createRequestLog } from './request-log.js';
import { isOpen, type UploadSession } from './upload-session.js';

export type { GcsRequestKind, GcsServer, GcsServerOptions } from './gcs-types.js';

/** Longer than a client waits between two requests, so that it never meets a closing connection. */
const keepAliveMs = 120_000;

/**
 * A server of the Cloud Storage JSON API as it is documented, for one process and its memory. What
 * is not documented, or not implemented here, is refused; nothing is guessed.
 */
export async function startGcsServer(options: GcsServerOptions = {}): Promise<GcsServer> {
  const closing = new AbortController();
  const state = createState(options);
  let apiEndpoint = '';
  const flow: RequestFlow = {
    state,
    faults: createFaults(),
    log: createRequestLog(),
    closing: closing.signal,
    apiEndpoint: () => apiEndpoint,
  };
  const server = createServer({ keepAliveTimeout: keepAliveMs, requestTimeout: 0 });
  server.on('request', (request, response) => {
    // A mistake of this server ends the request, and fails whoever runs it.
    serveRequest(flow, request, response).catch((error: unknown) => {
      response.destroy();
      throw error;
    });
  });
  apiEndpoint = `http://127.0.0.1:${await listen(server, options.port ?? 0)}`;
  return {
    apiEndpoint,
    ...accessTo(flow),
    async close() {
      closing.abort();
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function createState(options: GcsServerOptions): GcsState {
  return {
    clock: options.clock ?? Date,
    discardPayloads: options.discardPayloads ?? false,
    listItemsMax: options.listItemsMax ?? Infinity,
    buckets: new Map(),
    sessions: new Map(),
    lastGeneration: 0,
    openReads: 0,
  };
}

async function listen(server: Server, port: number): Promise<number> {
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

function accessTo({ state, faults, log }: RequestFlow): Omit<GcsServer, 'apiEndpoint' | 'close'> {
  const openSessions = (): UploadSession[] =>
    [...state.sessions.values()].filter((one) => isOpen(one, state));
  return {
    createBucket: (name, resource = {}) => void createBucket(state, name, resource),
    objects: (bucket) => {
      const found = state.buckets.get(bucket);
      if (found === undefined) throw new Error(`there is no bucket ${bucket}`);
      return sortedObjects(found).map(storedObject);
    },
    sessions: () => openSessions().length,
    openUploads: () => openSessions().map(({ stored }) => stored.wholeSize),
    openReads: () => state.openReads,
    requests: () => log.all(),
    clearRequests: () => log.clear(),
    fault: (fault) => faults.add(fault),
    clearFaults: () => faults.clear(),
  };
}

function storedObject(record: ObjectRecord): StoredObject {
  const { payload, contentType = '', bucket, name, generation, metadata } = record;
  return {
    bucket,
    name,
    generation,
    metadata,
    contentType,
    metageneration: String(record.metageneration),
    size: payload.size,
    contentEncoding: record.contentEncoding,
    crc32c: payload.crc32c,
    md5Hash: payload.md5Hash,
    customTime: record.customTime,
    timeCreated: new Date(record.timeCreated).toISOString(),
    content: () => Buffer.concat([...payload.read(0, payload.size)]),
  };
}
