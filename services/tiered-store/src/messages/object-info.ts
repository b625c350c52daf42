import type { object } from '@holdfast/contracts';
import type { ByteSpan, ObjectId, ObjectMetadata } from '@holdfast/domain';
import { callerMetadataMessage } from './metadata.js';
import { objectIdMessage } from './object-id.js';

export function objectInfoMessage(id: ObjectId, metadata: ObjectMetadata): object.ObjectInfo {
  const { timeExpires } = metadata;
  return {
    objectId: objectIdMessage(id),
    metadata: callerMetadataMessage(metadata),
    revision: metadata.revision,
    size: BigInt(metadata.size),
    crc32c: metadata.crc32c,
    timeCreated: new Date(metadata.timeCreated),
    timeExpires: timeExpires === undefined ? undefined : new Date(timeExpires),
  };
}

export function byteSpanMessage({ offset, length }: ByteSpan): object.ByteSpan {
  return { offset: BigInt(offset), length: BigInt(length) };
}
