import {
  assert,
  openPayload,
  type BlobMetadata,
  type BlobName,
  type Checksum,
  type CreateResult,
  type Payload,
} from '@holdfast/domain';
import { randomUUID } from 'node:crypto';
import { encodeBlob, isOfWrite, shapeOf } from './blob-codec.js';
import { checkStored, type BlobUpload } from './blob-upload.js';
import {
  countFurther,
  createGatherer,
  type CountedBytes,
  type GatheredPart,
  type Gatherer,
} from './gather-payload.js';
import { uploadAtOnce } from './multipart-upload.js';
import type { ObjectResource } from './object-resource.js';
import type { Objects } from './objects.js';
import { createResumableUpload, type UploadPart } from './resumable-upload.js';
import { sendWhileGathering } from './send-while-gathering.js';
import type { UploadRoom, UploadRooms } from './upload-rooms.js';

export interface CreateDependencies {
  readonly objects: Objects;
  readonly rooms: UploadRooms;
  readonly checksum: Checksum;
}

/**
 * 1. Wait for room: what uploads hold of their payloads is bounded, and so is the number of them.
 * 2. Gather a first part of the payload. If it ends there, one request creates the object; else a
 *    resumable upload sends it part by part, and the next one is gathered meanwhile. Both only if there
 *    is no object of that name.
 * 3. The answer to the last bytes is the commit point. It may be lost: then whoever asks again is told
 *    that an object is in the way, and an identity in it tells whether this very write has put it there.
 * 4. Compare size and checksum of what is stored with what was sent; remove what differs.
 *
 * Whatever fails before 3 ends the upload, and nothing is left.
 */
export async function createBlob(
  name: BlobName,
  metadata: BlobMetadata,
  payload: Payload,
  dependencies: CreateDependencies,
): Promise<CreateResult> {
  const { objects, rooms, checksum } = dependencies;
  const source = openPayload(payload);
  let room: UploadRoom | undefined;
  try {
    room = await rooms.enter(objects.api.closed);
    const write = randomUUID();
    const upload = { name, encoded: encodeBlob(metadata, write), write };
    return await send(upload, createGatherer(source, room, checksum), room, dependencies);
  } finally {
    room?.leave();
    await source.end();
  }
}

async function send(
  upload: BlobUpload,
  gatherer: Gatherer,
  room: UploadRoom,
  dependencies: CreateDependencies,
): Promise<CreateResult> {
  const { objects, checksum } = dependencies;
  const first = await gatherer.next();
  assert(first !== undefined, 'an upload has room for its first part');
  if (!first.isLast) return sendInParts(upload, first, gatherer, room, dependencies);
  const last = withFooter(upload, first, checksum);
  const stored = await uploadAtOnce(objects, upload, last.pieces, last.sent);
  return resultOf(objects, upload, stored, first.counted, last.sent);
}

async function sendInParts(
  upload: BlobUpload,
  first: GatheredPart,
  gatherer: Gatherer,
  room: UploadRoom,
  { objects, checksum }: CreateDependencies,
): Promise<CreateResult> {
  const resumable = createResumableUpload(objects, upload);
  let part = first;
  try {
    while (!part.isLast) {
      const after = await sendWhileGathering(part, resumable, gatherer, room);
      if (after.kind === 'over') {
        return await resultOf(objects, upload, after.object, part.counted, part.counted);
      }
      ({ part } = after);
    }
    const last = withFooter(upload, part, checksum);
    const answer = await resumable.send(last);
    assert(answer !== 'incomplete', 'the last part completes an upload');
    return await resultOf(objects, upload, answer, part.counted, last.sent);
  } catch (error) {
    await resumable.cancel();
    throw error;
  }
}

/** The last part with what follows the payload, and what has been sent in all with it. */
function withFooter(
  { encoded }: BlobUpload,
  { pieces, bytes, counted }: GatheredPart,
  checksum: Checksum,
): UploadPart & { readonly sent: CountedBytes } {
  const footer = encoded.footer(counted.size, counted.crc32c);
  const sent = countFurther(counted, footer, checksum);
  return { pieces: [...pieces, footer], bytes: bytes + footer.length, total: sent.size, sent };
}

async function resultOf(
  objects: Objects,
  { write }: BlobUpload,
  stored: ObjectResource,
  { size, crc32c }: CountedBytes,
  sent: CountedBytes,
): Promise<CreateResult> {
  if (isOfWrite(stored, write)) {
    await checkStored(objects, stored, sent);
    return { kind: 'created', size, crc32c };
  }
  // To answer `exists` for something that is no blob would be a lie.
  shapeOf(stored);
  return { kind: 'exists' };
}
