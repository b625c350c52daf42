import type { BlobName, Checksum } from '@holdfast/domain';
import { constants, fstatSync } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { readUpTo, withDescriptor } from './descriptor.js';
import { hasErrno, ofWrongSize, unlessMissing, unreadable } from './errors.js';
import {
  decodeHeader,
  headerPageBytes,
  peekHeaderLength,
  type BlobHeader,
} from './header-codec.js';
import type { BlobPlace } from './layout.js';

/** A file whose header is intact. */
export interface FoundBlob {
  readonly header: BlobHeader;
  readonly fileBytes: number;
}

/** Whoever opened it closes it. */
export interface OpenedBlob extends FoundBlob {
  readonly file: FileHandle;
}

// Without these a foreign link could lead anywhere, and a foreign pipe would never open.
export const openFlags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
const notAFile = 'it is no regular file';

/**
 * Reads the header of the file at `place`. Throws `UNREADABLE` or `CHECKSUM_MISMATCH` unless it is a
 * blob's; answers `undefined` when nothing is there.
 */
export function findBlobFile(place: BlobPlace, checksum: Checksum): Promise<FoundBlob | undefined> {
  return ifThere(place, () =>
    withDescriptor(place.path, openFlags, (descriptor) => inspect(descriptor, place, checksum)),
  );
}

/** As `findBlobFile`, and only the blob of that name. */
export async function findNamedBlob(
  place: BlobPlace,
  name: BlobName,
  checksum: Checksum,
): Promise<FoundBlob | undefined> {
  const found = await findBlobFile(place, checksum);
  if (found !== undefined) checkName(found, name, place);
  return found;
}

/** As `findNamedBlob`, and only if all of its payload is there, and nothing else. */
export async function findWholeBlob(
  place: BlobPlace,
  name: BlobName,
  checksum: Checksum,
): Promise<FoundBlob | undefined> {
  const found = await findNamedBlob(place, name, checksum);
  if (found !== undefined) checkLength(found, place);
  return found;
}

/** As `findWholeBlob`, to be read. */
export async function openWholeBlob(
  place: BlobPlace,
  name: BlobName,
  checksum: Checksum,
): Promise<OpenedBlob | undefined> {
  const file = await ifThere(place, () => open(place.path, openFlags));
  if (file === undefined) return undefined;
  try {
    const found = await inspect(file.fd, place, checksum);
    checkName(found, name, place);
    checkLength(found, place);
    return { ...found, file };
  } catch (error) {
    await file.close();
    throw error;
  }
}

export function lengthProblem({ header, fileBytes }: FoundBlob): string | undefined {
  const expected = header.headerBytes + header.metadata.size;
  if (fileBytes === expected) return undefined;
  return `it is ${fileBytes} bytes long instead of ${expected}`;
}

async function ifThere<Opened>(
  { where }: BlobPlace,
  work: () => Promise<Opened>,
): Promise<Opened | undefined> {
  try {
    return await unlessMissing(work);
  } catch (error) {
    if (hasErrno(error, 'ELOOP', 'EISDIR', 'ENXIO')) throw unreadable(where, notAFile, error);
    throw error;
  }
}

async function inspect(
  descriptor: number,
  { where }: BlobPlace,
  checksum: Checksum,
): Promise<FoundBlob> {
  // What is open on a local disk is known to the system without asking it.
  const stats = fstatSync(descriptor);
  if (!stats.isFile()) throw unreadable(where, notAFile);
  const header = await readHeader(descriptor, checksum, where);
  return { header, fileBytes: stats.size };
}

function checkName({ header }: FoundBlob, name: BlobName, { where }: BlobPlace): void {
  if (header.name !== name) throw unreadable(where, 'it holds a blob of another name');
}

function checkLength(found: FoundBlob, { where }: BlobPlace): void {
  const why = lengthProblem(found);
  if (why !== undefined) throw ofWrongSize(where, why);
}

async function readHeader(
  descriptor: number,
  checksum: Checksum,
  where: string,
): Promise<BlobHeader> {
  const page = await readUpTo(descriptor, headerPageBytes);
  const length = peekHeaderLength(page, where);
  const header = length === page.length ? page : await readUpTo(descriptor, length);
  return decodeHeader(header, checksum, where);
}
