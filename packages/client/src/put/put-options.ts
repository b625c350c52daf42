import type { object } from '@holdfast/contracts';
import { invalidField } from '@holdfast/rpc';
import type { CallOptions } from '../call-terms.js';
import type { ObjectId } from '../object-id.js';
import { encodeMetadata, type MetadataInput } from '../object-info.js';

export interface Progress {
  /** Bytes that have been sent or received. When an upload begins again, so does the count. */
  readonly bytes: number;
  /** Of how many; missing where it is not known beforehand. */
  readonly total: number | undefined;
}

export interface PutOptions extends CallOptions {
  /** What to store with the payload. */
  readonly metadata?: MetadataInput | undefined;
  /** Store it only if there is no such object; `OBJECT_EXISTS` otherwise. */
  readonly ifAbsent?: boolean | undefined;
  /** Replace only this revision; `REVISION_MISMATCH` otherwise. */
  readonly ifRevision?: string | undefined;
  /** Called after each chunk of a payload that is streamed. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

/** A write that is durable. */
export interface PutResult {
  /** The object written, with its key if it was given none. */
  readonly id: ObjectId;
  /** Names this write. */
  readonly revision: string;
  readonly size: number;
  /** CRC32C (Castagnoli) of what was stored; it is what was sent. */
  readonly crc32c: number;
}

export function putHeader(objectId: ObjectId, options: PutOptions): object.PutObjectHeader {
  return {
    objectId,
    metadata: encodeMetadata(options.metadata ?? {}),
    condition: conditionOf(options),
  };
}

function conditionOf({ ifAbsent, ifRevision }: PutOptions): object.PutCondition | undefined {
  if (ifRevision === undefined) {
    return ifAbsent === true ? { condition: { $case: 'ifAbsent', value: true } } : undefined;
  }
  if (ifAbsent === true) {
    const why = 'must not be given together with ifAbsent';
    throw invalidField('INVALID_CONDITION', 'ifRevision', why);
  }
  return { condition: { $case: 'ifRevision', value: ifRevision } };
}
