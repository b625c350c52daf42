import { randomUUID } from 'node:crypto';
import type { PayloadPlace, StoredPayload } from './cluster-storage.js';
import { startGcsServer } from './gcs/gcs-server.js';

/** Longer than Cloud Storage keeps what an upload has left that nobody goes on with. */
const brokenAgeMs = 8 * 24 * 3_600_000;

/** A bucket of a server of its own. The store makes it. */
export async function openClusterBucket(): Promise<PayloadPlace> {
  let aheadMs = 0;
  const server = await startGcsServer({ clock: { now: () => Date.now() + aheadMs } });
  const bucket = `b-${randomUUID()}`;
  return {
    settings: { kind: 'gcs', bucket, apiEndpoint: server.apiEndpoint, chunkSize: '1 MiB' },
    async payloads() {
      const complete = server.objects(bucket).map(({ name, size }): StoredPayload => {
        return { file: name, name, usecase: name.slice(0, name.indexOf('/')), bytes: size };
      });
      const incomplete = server.openUploads().map((bytes): StoredPayload => {
        return { file: 'an open upload', name: undefined, usecase: '', bytes };
      });
      return [...complete, ...incomplete];
    },
    async ageBrokenUploads() {
      aheadMs += brokenAgeMs;
    },
    close: () => server.close(),
  };
}
