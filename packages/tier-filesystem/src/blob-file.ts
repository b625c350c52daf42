import type { BlobName, Checksum } from '@holdfast/domain';
import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { hasErrno, ofWrongSize, unlessMissing, unreadable } from './errors.js';
import {
  decodeHeader,
  headerPageBytes,
  peekHeaderLength,
  type BlobHeader,
} from './header-codec.js';
import type { BlobPlace } from './layout.js';

/** A file whose header is intact. Whoever opened it closes it. */
export interface BlobFile {
  readonly file: FileHandle;
  readonly header: BlobHeader;
  readonly fileBytes: number;
}

const notAFile = 'it is no regular file';

/**
 * Opens the file at `place` and reads its header. Throws `UNREADABLE` or `CHECKSUM_MISMATCH` unless
 * it is a blob's; answers `undefined` when nothing is there.
 */
export async function openBlobFile(
  place: BlobPlace,
  checksum: Checksum,
): Promise<BlobFile | undefined> {
  const file = await unlessMissing(() => openSafely(place));
  if (file === undefined) return undefined;
  try {
    const stats = await file.stat();
    if (!stats.isFile()) throw unreadable(place.where, notAFile);
    const header = await readHeader(file, checksum, place.where);
    return { file, header, fileBytes: stats.size };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** Without these flags a foreign link could lead anywhere, and a foreign pipe would never open. */
async function openSafely({ path, where }: BlobPlace): Promise<FileHandle> {
  try {
    return await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (hasErrno(error, 'ELOOP', 'EISDIR', 'ENXIO')) throw unreadable(where, notAFile, error);
    throw error;
  }
}

/** As `openBlobFile`, and only the blob of that name. */
export async function openNamedBlob(
  place: BlobPlace,
  name: BlobName,
  checksum: Checksum,
): Promise<BlobFile | undefined> {
  const blob = await openBlobFile(place, checksum);
  if (blob === undefined || blob.header.name === name) return blob;
  await blob.file.close();
  throw unreadable(place.where, 'it holds a blob of another name');
}

/** As `openNamedBlob`, and only if all of its payload is there, and nothing else. */
export async function openWholeBlob(
  place: BlobPlace,
  name: BlobName,
  checksum: Checksum,
): Promise<BlobFile | undefined> {
  const blob = await openNamedBlob(place, name, checksum);
  const why = blob === undefined ? undefined : lengthProblem(blob);
  if (why === undefined) return blob;
  await blob?.file.close();
  throw ofWrongSize(place.where, why);
}

export function lengthProblem({ header, fileBytes }: BlobFile): string | undefined {
  const expected = header.headerBytes + header.metadata.size;
  if (fileBytes === expected) return undefined;
  return `it is ${fileBytes} bytes long instead of ${expected}`;
}

async function readHeader(
  file: FileHandle,
  checksum: Checksum,
  where: string,
): Promise<BlobHeader> {
  const page = await readUpTo(file, headerPageBytes);
  const length = peekHeaderLength(page, where);
  const header = length === page.length ? page : await readUpTo(file, length);
  return decodeHeader(header, checksum, where);
}

async function readUpTo(file: FileHandle, length: number): Promise<Uint8Array> {
  const bytes = Buffer.alloc(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await file.read(bytes, filled, length - filled, filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return bytes.subarray(0, filled);
}
