import { nativeChecksum } from '@holdfast/service-kit';
import { invalid } from './api-error.js';
import { selectFields, type KnownFields } from './fields-mask.js';
import { bucketOf, type Bucket, type Call } from './gcs-state.js';
import { present } from './json-body.js';
import { objectFieldNames, objectResource, type ObjectRecord } from './object-resource.js';
import { jsonReply, type Reply } from './reply.js';
import { digitsOf, type Query } from './request-query.js';

const itemsMax = 1000;
const checksumDigits = 8;

export const listFieldNames: KnownFields = {
  kind: 'any',
  nextPageToken: 'any',
  prefixes: 'any',
  items: objectFieldNames,
};

/** The live objects by their names' UTF-8 bytes, a page at a time. */
export function listObjects(call: Call): Reply {
  const { query, state } = call;
  const limit = Math.min(maxResults(call), state.listItemsMax);
  const after = parsePageToken(query);
  const found = findObjects(bucketOf(call), call, after, limit + 1);
  const page = found.slice(0, limit);
  const last = page.at(-1);
  const answer = present({
    kind: 'storage#objects',
    nextPageToken:
      found.length > page.length && last !== undefined ? pageTokenOf(query, last.name) : undefined,
    items:
      page.length === 0
        ? undefined
        : page.map((record) => objectResource(record, call.apiEndpoint)),
  });
  return jsonReply(selectFields(answer, query.get('fields')));
}

function maxResults(call: Call): number {
  const given = digitsOf(call.query, 'maxResults');
  if (given === undefined) return itemsMax;
  if (given === '0') throw invalid("Invalid value '0' for: maxResults");
  return Math.min(itemsMax, Number(given));
}

export function sortedObjects(bucket: Bucket): readonly ObjectRecord[] {
  bucket.sorted ??= [...bucket.objects.values()].toSorted((one, other) =>
    compareNames(one.name, other.name),
  );
  return bucket.sorted;
}

function findObjects(
  bucket: Bucket,
  { query }: Call,
  after: string | undefined,
  countMax: number,
): readonly ObjectRecord[] {
  const prefix = query.get('prefix') ?? '';
  const startOffset = query.get('startOffset') ?? '';
  const endOffset = query.get('endOffset') ?? '';
  const sorted = sortedObjects(bucket);
  const found: ObjectRecord[] = [];
  let at = firstIndex(sorted, [prefix, startOffset, after ?? '']);
  for (; at < sorted.length && found.length < countMax; at += 1) {
    const record = sorted[at];
    if (record === undefined || !record.name.startsWith(prefix)) break;
    if (endOffset !== '' && compareNames(record.name, endOffset) >= 0) break;
    if (record.name !== after) found.push(record);
  }
  return found;
}

/** Of the first object whose name is not before any of these. */
function firstIndex(sorted: readonly ObjectRecord[], notBefore: readonly string[]): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const name = sorted[middle]?.name ?? '';
    if (notBefore.some((bound) => compareNames(name, bound) < 0)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** By UTF-8 bytes, which is by code points: surrogates come after all other units. */
function compareNames(one: string, other: string): number {
  const length = Math.min(one.length, other.length);
  for (let at = 0; at < length; at += 1) {
    const difference = unitRank(one, at) - unitRank(other, at);
    if (difference !== 0) return difference;
  }
  return one.length - other.length;
}

function unitRank(text: string, at: number): number {
  const unit = text.charCodeAt(at);
  const isSurrogate = unit >= 0xd800 && unit <= 0xdfff;
  return isSurrogate ? unit + 0x10000 : unit;
}

/**
 * Opaque: the name it goes on after, with a checksum that tells it from what was made up and from
 * that of another list. As the service's, it has characters that a query must encode.
 */
function pageTokenOf(query: Query, name: string): string {
  const list = ['prefix', 'startOffset', 'endOffset'].map((one) => query.get(one) ?? '');
  const told = Buffer.from(JSON.stringify([...list, name]));
  const checksum = nativeChecksum.crc32c(told, 0).toString(16).padStart(checksumDigits, '0');
  return Buffer.from(`${checksum}${name}`).toString('base64');
}

function parsePageToken(query: Query): string | undefined {
  const token = query.get('pageToken') ?? '';
  if (token === '') return undefined;
  const name = Buffer.from(token, 'base64').subarray(checksumDigits).toString();
  if (pageTokenOf(query, name) !== token) throw invalid(`Invalid page token: ${token}`);
  return name;
}
