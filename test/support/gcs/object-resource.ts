import { invalid } from './api-error.js';
import type { KnownFields } from './fields-mask.js';
import { present, type JsonRecord } from './json-body.js';
import {
  customMetadataChanges,
  mergeCustomMetadata,
  storageClassOf,
  textFields,
  textOf,
  timeOf,
  type ObjectFields,
  type TextField,
} from './object-fields.js';
import type { Payload } from './payload.js';

/** A live object. A change replaces it by another record. */
export interface ObjectRecord extends ObjectFields {
  readonly bucket: string;
  readonly name: string;
  readonly generation: string;
  readonly metageneration: number;
  readonly payload: Payload;
  readonly timeCreated: number;
  readonly updated: number;
}

/** What an upload says of its object. */
export interface NewObject {
  readonly name: string | undefined;
  readonly fields: ObjectFields;
  readonly crc32c: string | undefined;
  readonly md5Hash: string | undefined;
}

/** The service sets these itself and passes over what a request says of them. */
const setByService = [
  'kind',
  'id',
  'selfLink',
  'mediaLink',
  'generation',
  'metageneration',
  'size',
  'etag',
  'timeCreated',
  'updated',
  'timeStorageClassUpdated',
  'timeFinalized',
] as const;

const settable = [
  'name',
  'bucket',
  'storageClass',
  'customTime',
  'metadata',
  'crc32c',
  'md5Hash',
  ...textFields,
] as const;

const known = new Set<string>([...setByService, ...settable]);

export const objectFieldNames: KnownFields = Object.fromEntries(
  [...known].map((name) => [name, 'any'] as const),
);

export function parseNewObject(resource: JsonRecord, bucket: string): NewObject {
  checkKnown(resource, bucket);
  return {
    name: textOf(resource, 'name') ?? undefined,
    crc32c: textOf(resource, 'crc32c') ?? undefined,
    md5Hash: textOf(resource, 'md5Hash') ?? undefined,
    fields: changedFields({ metadata: {} }, resource),
  };
}

/** What a patch makes of an object's fields. */
export function patchedFields(record: ObjectRecord, resource: JsonRecord): ObjectFields {
  checkKnown(resource, record.bucket);
  checkUnchanged(record, resource);
  const customTime = timeOf(resource, 'customTime');
  if (record.customTime !== undefined && customTime !== undefined) {
    if (customTime === null) throw invalid('The custom time of an object cannot be removed.');
    if (customTime < record.customTime) {
      throw invalid('The custom time of an object cannot be set to an earlier time.');
    }
  }
  if (resource['storageClass'] !== undefined) {
    throw invalid('The storage class of an object cannot be changed by a patch.');
  }
  return changedFields(record, resource);
}

/** What a patch cannot change it may repeat. */
function checkUnchanged({ name, payload }: ObjectRecord, resource: JsonRecord): void {
  const fixed = { name, crc32c: payload.crc32c, md5Hash: payload.md5Hash };
  for (const [field, value] of Object.entries(fixed)) {
    const given = textOf(resource, field);
    if (given !== undefined && given !== value) {
      throw invalid(`The ${field} of an object cannot be changed by a patch.`);
    }
  }
}

function changedFields(current: ObjectFields, resource: JsonRecord): ObjectFields {
  const changed = (name: TextField) => changedText(current[name], resource, name);
  return {
    contentType: changed('contentType'),
    contentEncoding: changed('contentEncoding'),
    contentDisposition: changed('contentDisposition'),
    contentLanguage: changed('contentLanguage'),
    cacheControl: changed('cacheControl'),
    storageClass: storageClassOf(resource) ?? current.storageClass,
    customTime: timeOf(resource, 'customTime') ?? current.customTime,
    metadata: mergeCustomMetadata(current.metadata, customMetadataChanges(resource)),
  };
}

function changedText(
  current: string | undefined,
  resource: JsonRecord,
  name: TextField,
): string | undefined {
  const given = textOf(resource, name);
  // A download has it in a header; what else the service lets in is not implemented here.
  if (/[^\t\x20-\x7e]/u.test(given ?? '')) throw invalid(`Invalid value for: ${name}`);
  return given === undefined ? current : (given ?? undefined);
}

function checkKnown(resource: JsonRecord, bucket: string): void {
  const unknown = Object.keys(resource).find((name) => !known.has(name));
  if (unknown !== undefined) throw invalid(`Unknown name "${unknown}": Cannot find field.`);
  const named = textOf(resource, 'bucket') ?? bucket;
  if (named !== bucket) throw invalid(`The bucket ${named} is not that of the request.`);
}

export function etagOf(record: ObjectRecord): string {
  return Buffer.from(`${record.generation}/${record.metageneration}`).toString('base64');
}

export function objectResource(record: ObjectRecord, apiEndpoint: string): Record<string, unknown> {
  const { bucket, name, generation, payload, metadata } = record;
  const path = `storage/v1/b/${bucket}/o/${encodeURIComponent(name)}`;
  const created = new Date(record.timeCreated).toISOString();
  return present({
    kind: 'storage#object',
    id: `${bucket}/${name}/${generation}`,
    selfLink: `${apiEndpoint}/${path}`,
    mediaLink: `${apiEndpoint}/download/${path}?generation=${generation}&alt=media`,
    name,
    bucket,
    generation,
    metageneration: String(record.metageneration),
    ...Object.fromEntries(textFields.map((field) => [field, record[field]])),
    storageClass: record.storageClass ?? 'STANDARD',
    size: String(payload.size),
    md5Hash: payload.md5Hash,
    crc32c: payload.crc32c,
    etag: etagOf(record),
    timeCreated: created,
    updated: new Date(record.updated).toISOString(),
    timeStorageClassUpdated: created,
    timeFinalized: created,
    customTime: record.customTime,
    metadata: Object.keys(metadata).length === 0 ? undefined : metadata,
  });
}
