import {
  assert,
  DomainError,
  type BlobName,
  type BlobRead,
  type ByteSpan,
  type Checksum,
  type Clock,
  type LongTermTier,
} from '@holdfast/domain';
import { findWholeBlob, openWholeBlob } from './blob-file.js';
import { createBlob } from './create-blob.js';
import { tierError } from './errors.js';
import { currentMetadata } from './expiry-times.js';
import { extendExpiry } from './extend-expiry.js';
import { createFanOut } from './fan-out.js';
import { createFileThreads } from './file-threads.js';
import { createReadDirectory, createReadFanOut } from './found-names.js';
import { createHeaderPages } from './header-pages.js';
import { createInspectFiles } from './inspect-files.js';
import { placeOf } from './layout.js';
import { listBlobs } from './list-blobs.js';
import { readPayload } from './read-blob.js';
import { removeAbandoned, type AbandonedQuery, type AbandonedReport } from './remove-abandoned.js';
import { createRemoveBlob } from './remove-blob.js';
import { openRoot } from './store-root.js';

export interface FilesystemTierOptions {
  /** A directory for this store alone. It is made where there is none; processes may share it. */
  readonly root: string;
}

export interface FilesystemTierDependencies {
  readonly clock: Clock;
  readonly checksum: Checksum;
}

export interface FilesystemTier extends LongTermTier {
  /**
   * Removes what creates of processes that died have left. Bounded by `examinedMax` and `signal`.
   * Nothing in the tier calls it: the process that opens the store does, when it starts and regularly from then on.
   */
  removeAbandoned(query: AbandonedQuery): Promise<AbandonedReport>;
}

/**
 * The long-term tier in a directory of a local file system. Between calls it holds no file and no
 * lock, and the threads of long listings and of many removals end by themselves, so there is nothing to
 * close.
 */
export async function createFilesystemTier(
  { root }: FilesystemTierOptions,
  { clock, checksum }: FilesystemTierDependencies,
): Promise<FilesystemTier> {
  const layout = await openRoot(root);
  const fanOut = createFanOut(layout);
  const threads = createFileThreads();
  const pages = createHeaderPages(threads);
  const listingTools = {
    layout,
    readFanOut: createReadFanOut(layout),
    readDirectory: createReadDirectory(layout),
    inspectFiles: createInspectFiles(checksum, pages),
  };
  const removeBlob = createRemoveBlob({ layout, checksum, pages, threads });

  async function read(name: BlobName, span?: ByteSpan, signal?: AbortSignal): Promise<BlobRead> {
    const place = placeOf(layout, name);
    const blob = await openWholeBlob(place, name, checksum);
    try {
      // Not before: nobody hears of an abort that came while the file was being opened.
      if (signal?.aborted === true) throw new DomainError({ code: 'CANCELLED' });
      if (blob === undefined) return { kind: 'absent' };
      const { file, header } = blob;
      const { size, crc32c } = header.metadata;
      const { offset, length } = span ?? { offset: 0, length: size };
      assert(offset >= 0 && length >= 0 && offset + length <= size, 'a span lies within');
      const range = { file, where: place.where, offset: header.headerBytes + offset, length };
      return { kind: 'found', size, crc32c, payload: readPayload(range, signal) };
    } catch (error) {
      await blob?.file.close();
      throw error;
    }
  }

  return {
    create: (name, metadata, payload) =>
      createBlob(name, metadata, payload, { layout, fanOut, checksum }),

    read: (name, span, signal) => translated(() => read(name, span, signal)),

    head: (name) =>
      translated(async () => {
        const place = placeOf(layout, name);
        const blob = await findWholeBlob(place, name, checksum);
        if (blob === undefined) return { kind: 'absent' };
        return { kind: 'found', metadata: await currentMetadata(blob.header.metadata, place) };
      }),

    remove: (name) => translated(() => removeBlob(name)),

    extend: (name, timeExpires) =>
      translated(() => extendExpiry(name, timeExpires, layout, checksum)),

    list: (cursor, limit) => translated(() => listBlobs(cursor, limit, listingTools)),

    removeAbandoned: (query) => translated(() => removeAbandoned(query, layout, clock)),
  };
}

async function translated<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw tierError(error);
  }
}
