import { randomUUID } from 'node:crypto';
import { descriptionOf, objectInTheWay, type BlobUpload } from './blob-upload.js';
import { damaged, refusal, saidBy } from './errors.js';
import type { CountedBytes } from './gather-payload.js';
import {
  formatCrc32c,
  objectFields,
  parseObjectResource,
  type ObjectResource,
} from './object-resource.js';
import type { Objects } from './objects.js';

/** How the service words it that the bytes are not those of the checksum they came with. */
const checksumDiffers = /CRC32C .* match/i;

/**
 * Creates the object with all of its bytes in one request; the server compares the checksum. Answers
 * the object of that name, which may be another's.
 */
export async function uploadAtOnce(
  objects: Objects,
  upload: BlobUpload,
  bytes: readonly Uint8Array[],
  { crc32c }: CountedBytes,
): Promise<ObjectResource> {
  const { api, paths } = objects;
  // Random, so that no payload holds it.
  const boundary = `holdfast-${randomUUID()}`;
  const description = { ...descriptionOf(upload), crc32c: formatCrc32c(crc32c) };
  const answer = await api.call({
    method: 'POST',
    path: paths.uploads({ uploadType: 'multipart', ifGenerationMatch: 0, fields: objectFields }),
    headers: { 'content-type': `multipart/related; boundary=${boundary}` },
    body: multipartBody(boundary, description, upload.encoded.contentType, bytes),
  });
  if (answer.status === 200) return parseObjectResource(answer.body);
  if (answer.status === 412) return objectInTheWay(objects, upload);
  if (answer.status === 400 && checksumDiffers.test(saidBy(answer))) {
    throw damaged(upload.name, 'what arrived is not what was sent; nothing was stored');
  }
  throw refusal('creating an object', answer);
}

function multipartBody(
  boundary: string,
  description: unknown,
  contentType: string,
  bytes: readonly Uint8Array[],
): readonly Uint8Array[] {
  const head =
    `--${boundary}\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n` +
    `${JSON.stringify(description)}\r\n` +
    `--${boundary}\r\nContent-Type: ${contentType}\r\n\r\n`;
  return [Buffer.from(head), ...bytes, Buffer.from(`\r\n--${boundary}--\r\n`)];
}
