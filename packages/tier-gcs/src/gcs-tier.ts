import type { LongTermTier } from '@holdfast/domain';
import { apiPaths } from './api-paths.js';
import { extendBlob, headBlob, removeBlob } from './change-blob.js';
import { createBlob } from './create-blob.js';
import { listBlobs } from './list-blobs.js';
import { createObjects } from './objects.js';
import { openApi } from './open-api.js';
import type { GcsDependencies, GcsOptions } from './options.js';
import { readBlob } from './read-blob.js';
import { createUploadRooms } from './upload-rooms.js';

export interface GcsTier extends LongTermTier {
  /** Payloads that were opened and have neither ended nor been returned: each holds a connection. */
  openReaders(): number;
  /** Room that uploads have taken for what they hold of their payloads. */
  uploadBytes(): number;
  /** Ends what is under way with `TIER_UNAVAILABLE`, and closes all connections. */
  close(): void;
}

/** The long-term tier in a bucket of Cloud Storage, which is there. Nothing is asked of it yet. */
export function createGcsTier(options: GcsOptions, dependencies: GcsDependencies): GcsTier {
  const { clock, checksum } = dependencies;
  const { api, limits } = openApi(options, dependencies);
  const objects = createObjects(api, apiPaths(options.bucket));
  const rooms = createUploadRooms(limits, clock);
  let open = 0;
  const readers = {
    opened: () => void (open += 1),
    closed: () => void (open -= 1),
  };

  return {
    create: (name, metadata, payload) =>
      createBlob(name, metadata, payload, { objects, rooms, checksum }),
    read: (name, span, signal) => readBlob(name, span, signal, { objects, readers }),
    head: (name) => headBlob(name, objects),
    remove: (name) => removeBlob(name, objects),
    extend: (name, timeExpires) => extendBlob(name, timeExpires, objects),
    list: (cursor, limit) => listBlobs(cursor, limit, objects),
    openReaders: () => open,
    uploadBytes: () => rooms.takenBytes(),
    close: () => api.close(),
  };
}
