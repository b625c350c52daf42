import {
  openPayload,
  type BlobMetadata,
  type BlobName,
  type Checksum,
  type CreateResult,
  type Payload,
  type PayloadUnderWay,
} from '@holdfast/domain';
import { link, open, unlink } from 'node:fs/promises';
import { findWholeBlob } from './blob-file.js';
import { fileMode, syncDirectory } from './durable-directory.js';
import { hasErrno, tierError, unavailable } from './errors.js';
import type { FanOut } from './fan-out.js';
import { encodeHeader, headerLength } from './header-codec.js';
import { newTemporary, placeOf, type BlobPlace, type Layout } from './layout.js';
import { writeFully, writePayload, type WrittenPayload } from './payload-writer.js';

/** A name that is removed again whenever we look at it is not waited for longer than this. */
const linkAttemptsMax = 3;

export interface CreateDependencies {
  readonly layout: Layout;
  readonly fanOut: FanOut;
  readonly checksum: Checksum;
}

/**
 * 1. Write the payload to a file in `tmp`, behind room for the header.
 * 2. Write the header, with the size and checksum that are known now.
 * 3. Flush the file.
 * 4. Link it to its final name: the commit point. A link never replaces, so of several writers one
 *    succeeds, and what appears is whole and flushed.
 * 5. Flush the directory, and only then answer; also when the answer is `exists`, because the other
 *    writer may not have got this far.
 * 6. Remove the name in `tmp`. Only a crash leaves it there; see `remove-abandoned.ts`.
 *
 * A failure before 4 leaves nothing, one after it a whole blob.
 */
export async function createBlob(
  name: BlobName,
  metadata: BlobMetadata,
  payload: Payload,
  dependencies: CreateDependencies,
): Promise<CreateResult> {
  const source = openPayload(payload);
  const temporary = newTemporary(dependencies.layout, 'create');
  try {
    const written = await writeTemporary(temporary, name, metadata, source, dependencies);
    const kind = await publish(temporary, name, dependencies);
    return kind === 'created' ? { kind, ...written } : { kind };
  } catch (error) {
    throw source.threw(error) ? error : tierError(error);
  } finally {
    // What cannot be removed now is removed as abandoned later.
    await unlink(temporary).catch(() => undefined);
    await source.end();
  }
}

async function writeTemporary(
  temporary: string,
  name: BlobName,
  metadata: BlobMetadata,
  source: PayloadUnderWay,
  { checksum }: CreateDependencies,
): Promise<WrittenPayload> {
  const start = headerLength(name, { ...metadata, size: 0, crc32c: 0 });
  const file = await open(temporary, 'wx', fileMode);
  try {
    const written = await writePayload(file, start, source, checksum);
    await writeFully(file, encodeHeader(name, { ...metadata, ...written }, checksum), 0);
    await file.datasync();
    return written;
  } finally {
    await file.close();
  }
}

async function publish(
  temporary: string,
  name: BlobName,
  { layout, fanOut, checksum }: CreateDependencies,
): Promise<CreateResult['kind']> {
  const place = placeOf(layout, name);
  for (let attempt = 0; attempt < linkAttemptsMax; attempt += 1) {
    await fanOut.prepare(place);
    const linked = await tryLink(temporary, place, fanOut);
    if (linked || (await isThere(place, name, checksum))) {
      await syncDirectory(place.directory);
      return linked ? 'created' : 'exists';
    }
  }
  throw unavailable('another process keeps creating and removing this blob');
}

async function tryLink(temporary: string, place: BlobPlace, fanOut: FanOut): Promise<boolean> {
  try {
    await link(temporary, place.path);
    return true;
  } catch (error) {
    if (hasErrno(error, 'EEXIST')) return false;
    if (!hasErrno(error, 'ENOENT')) throw error;
    fanOut.forget(place);
    throw unavailable('the temporary file or its directory was removed meanwhile', error);
  }
}

/** Throws for a file that is not the blob of that name: to answer `exists` would be a lie. */
async function isThere(place: BlobPlace, name: BlobName, checksum: Checksum): Promise<boolean> {
  return (await findWholeBlob(place, name, checksum)) !== undefined;
}
