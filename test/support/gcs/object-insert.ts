import { invalid, required } from './api-error.js';
import { selectFields } from './fields-mask.js';
import { bucketOf, nextGeneration, type Call } from './gcs-state.js';
import { checkObjectName, type ObjectFields } from './object-fields.js';
import { objectResource, type NewObject, type ObjectRecord } from './object-resource.js';
import type { Payload } from './payload.js';
import { checkPreconditions, type Preconditions } from './preconditions.js';
import type { Query } from './request-query.js';

/** All that an upload knows of its object when its first byte comes. */
export interface Upload {
  readonly name: string;
  readonly fields: ObjectFields;
  readonly preconditions: Preconditions;
  readonly hashes: ExpectedHashes;
  /** The parameter `fields` of the answer. */
  readonly selection: string | undefined;
}

export interface ExpectedHashes {
  readonly crc32c: string | undefined;
  readonly md5Hash: string | undefined;
}

/** The name comes in the query or in the metadata, and must not differ. */
export function uploadName(query: Query, given: NewObject | undefined): string {
  const inQuery = query.get('name');
  const name = inQuery ?? given?.name;
  if (name === undefined || name === '') throw required('Required');
  if (given?.name !== undefined && given.name !== name) {
    throw invalid('The name in the metadata is not that of the request.');
  }
  return checkObjectName(name);
}

/** What the parameter `contentEncoding` sets has precedence. */
export function withContentEncoding(fields: ObjectFields, query: Query): ObjectFields {
  const contentEncoding = query.get('contentEncoding');
  return contentEncoding === undefined ? fields : { ...fields, contentEncoding };
}

/** The hashes that a request's header `X-Goog-Hash` names. */
export function headerHashes(header: string | readonly string[] | undefined): ExpectedHashes {
  const text = typeof header === 'object' ? header.join(',') : (header ?? '');
  const hashes = new Map<string, string>();
  for (const part of text.split(',').filter((one) => one.trim() !== '')) {
    const [, name, value] = /^\s*(?<name>crc32c|md5)=(?<value>[\w+/]+=*)\s*$/u.exec(part) ?? [];
    if (name === undefined || value === undefined || hashes.has(name)) {
      throw invalid(`Invalid X-Goog-Hash: ${text}`);
    }
    hashes.set(name, value);
  }
  return { crc32c: hashes.get('crc32c'), md5Hash: hashes.get('md5') };
}

function checkHashes(expected: ExpectedHashes, payload: Payload): void {
  const { crc32c, md5Hash } = expected;
  if (crc32c !== undefined && crc32c !== payload.crc32c) {
    throw invalid(
      `Provided CRC32C "${crc32c}" doesn't match calculated CRC32C "${payload.crc32c}".`,
    );
  }
  if (md5Hash !== undefined && md5Hash !== payload.md5Hash) {
    throw invalid(
      `Provided MD5 hash "${md5Hash}" doesn't match calculated MD5 hash "${payload.md5Hash}".`,
    );
  }
}

/**
 * Makes an upload an object, at once and as a whole: the moment at which its preconditions count.
 * Throws, and stores nothing, where one does not hold or the payload is another than announced.
 */
export function storeObject(
  call: Call,
  upload: Upload,
  payload: Payload,
  hashes: readonly ExpectedHashes[],
): ObjectRecord {
  const bucket = bucketOf(call);
  for (const expected of hashes) checkHashes(expected, payload);
  checkPreconditions(upload.preconditions, bucket.objects.get(upload.name), 'write');
  const now = call.state.clock.now();
  const record: ObjectRecord = {
    ...upload.fields,
    bucket: call.bucket,
    name: upload.name,
    generation: nextGeneration(call.state),
    metageneration: 1,
    payload,
    timeCreated: now,
    updated: now,
  };
  bucket.objects.set(upload.name, record);
  bucket.sorted = undefined;
  return record;
}

export function uploadAnswer(call: Call, upload: Upload, record: ObjectRecord): unknown {
  const resource = objectResource(record, call.apiEndpoint);
  return selectFields(resource, upload.selection);
}
