import { nativeChecksum as checksum, systemClock as clock } from '@holdfast/service-kit';
import type { LongTermTierFixture } from '@holdfast/testkit';
import { createGcsTier, type GcsLimits, type GcsTier } from '@holdfast/tier-gcs';
import { request } from 'node:http';
import { startGcsServer } from './gcs/gcs-server.js';
import type { GcsServer } from './gcs/gcs-types.js';

export const gcsBucket = 'blobs';

export interface GcsTierFixture extends LongTermTierFixture {
  readonly tier: GcsTier;
  readonly server: GcsServer;
}

/** So that what goes through one request and what takes several are both small. */
const smallChunks: Partial<GcsLimits> = {
  chunkBytes: 1024 * 1024,
  retryDelayMs: 1,
  retryDelayMsMax: 20,
};

/** A tier in an empty bucket of a server of its own. */
export async function openGcsTierFixture(limits: Partial<GcsLimits> = {}): Promise<GcsTierFixture> {
  const server = await startGcsServer();
  server.createBucket(gcsBucket);
  const { apiEndpoint } = server;
  const options = { bucket: gcsBucket, apiEndpoint, ...smallChunks, ...limits };
  const tier = createGcsTier(options, { clock, checksum });
  return {
    tier,
    server,
    checksum,
    leftovers: async () => Array.from({ length: server.sessions() }, () => 'an open upload'),
    openReaders: async () => tier.openReaders(),
    addForeign: () => addObject(server, 'notes.txt', 'not a blob'),
    close: async () => {
      tier.close();
      await server.close();
    },
  };
}

/** Stores an object as somebody else would, also over one that is there. */
export function addObject(server: GcsServer, name: string, text: string): Promise<void> {
  const path = `/upload/storage/v1/b/${gcsBucket}/o?uploadType=media&name=${encodeURIComponent(name)}`;
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'text/plain', 'content-length': Buffer.byteLength(text) };
    const sent = request(server.apiEndpoint + path, { method: 'POST', headers }, (answer) => {
      answer.resume().on('end', resolve).on('error', reject);
    });
    sent.on('error', reject).end(text);
  });
}
