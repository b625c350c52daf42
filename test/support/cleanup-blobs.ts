import { open } from 'node:fs/promises';
import type { Cluster } from './cluster.js';
import type { LoaderClient } from './loader-client.js';
import type { ListAnswer } from './loader-messages.js';

/** A file that holds payload. */
export interface BlobOnDisk {
  readonly file: string;
  /** `undefined` for one that is still being written. */
  readonly name: string | undefined;
  readonly usecase: string;
  /** Of payload. */
  readonly bytes: number;
}

/** As docs/formats.md describes the header of a blob file. */
const payloadLengthAt = 16;
const nameLengthAt = 24;
const nameAt = 32;
const headerBytesMin = 4_096;
const magic = Buffer.from('894846424c4f420a', 'hex');

/** Everything in the folder of blobs, read without the help of the store. */
export async function blobsOnDisk(cluster: Pick<Cluster, 'blobFiles'>): Promise<BlobOnDisk[]> {
  const found: BlobOnDisk[] = [];
  for (const file of await cluster.blobFiles()) {
    const blob = await readHeader(file);
    if (blob !== undefined) found.push(blob);
  }
  return found;
}

/** Where a blob is that is there. */
export async function fileOf(cluster: Pick<Cluster, 'blobFiles'>, blob: string): Promise<string> {
  const found = (await blobsOnDisk(cluster)).find(({ name }) => name === blob);
  if (found === undefined) throw new Error(`${blob} is not on disk`);
  return found.file;
}

async function readHeader(file: string): Promise<BlobOnDisk | undefined> {
  const handle = await open(file).catch(() => undefined);
  // It went while we were looking.
  if (handle === undefined) return undefined;
  try {
    const header = Buffer.alloc(headerBytesMin);
    await handle.read(header, 0, header.length, 0);
    if (!header.subarray(0, magic.length).equals(magic)) {
      return { file, name: undefined, usecase: '', bytes: 0 };
    }
    const name = header.toString('utf8', nameAt, nameAt + header.readUInt16BE(nameLengthAt));
    const bytes = Number(header.readBigUInt64BE(payloadLengthAt));
    return { file, name, usecase: name.slice(0, name.indexOf('/')), bytes };
  } finally {
    await handle.close();
  }
}

/** The blobs that the rows of these usecases name: those of objects larger than the threshold. */
export async function namedBlobs(
  store: LoaderClient,
  usecases: readonly string[],
  thresholdBytes: number,
): Promise<Set<string>> {
  const names = new Set<string>();
  for (const usecase of usecases) {
    let pageToken: string | undefined;
    do {
      const page: ListAnswer = await store.unary<ListAnswer>(['object', 'ListObjects'], {
        usecase,
        pageSize: 1_000,
        ...(pageToken === undefined ? {} : { pageToken }),
      });
      for (const { objectId, revision, size = 0 } of page.objects ?? []) {
        if (size > thresholdBytes) names.add(`${usecase}/objects/${objectId.key}/${revision}`);
      }
      pageToken = page.nextPageToken;
    } while (pageToken !== undefined && pageToken !== '');
  }
  return names;
}
