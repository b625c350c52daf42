import type { BlobName } from '@holdfast/domain';
import type { EncodedBlob } from './blob-codec.js';
import { damaged, unavailable } from './errors.js';
import type { CountedBytes } from './gather-payload.js';
import type { ObjectResource } from './object-resource.js';
import type { Objects } from './objects.js';

/** One write of a blob. */
export interface BlobUpload {
  readonly name: BlobName;
  readonly encoded: EncodedBlob;
  /** An identity that no other write has. */
  readonly write: string;
}

/** What the object is described with, before its bytes. */
export function descriptionOf({ name, encoded }: BlobUpload): Record<string, unknown> {
  const { contentType, metadata, customTime } = encoded;
  return {
    name,
    contentType,
    metadata,
    ...(customTime === undefined ? undefined : { customTime }),
  };
}

/**
 * The object because of which a create was refused: another's, or this very write's, whose answer was
 * lost.
 */
export async function objectInTheWay(
  objects: Objects,
  { name }: BlobUpload,
): Promise<ObjectResource> {
  const resource = await objects.look(name);
  if (resource !== undefined) return resource;
  throw unavailable('a blob was removed while it was being created');
}

/** Removes an object that is not what was sent, and throws `CHECKSUM_MISMATCH`. */
export async function checkStored(
  objects: Objects,
  resource: ObjectResource,
  sent: CountedBytes,
): Promise<void> {
  const { name, size, crc32c, generation } = resource;
  if (size === sent.size && crc32c === sent.crc32c) return;
  // Should this fail, the blob stays as one that no row names, and goes as such.
  await objects.remove(name, generation).catch(() => undefined);
  throw damaged(name, 'what was stored is not what was sent');
}
