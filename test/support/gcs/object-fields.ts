import { invalid } from './api-error.js';
import { asRecord, asString, type JsonRecord } from './json-body.js';

/** What a user sets of an object. */
export interface ObjectFields {
  readonly contentType?: string | undefined;
  readonly contentEncoding?: string | undefined;
  readonly contentDisposition?: string | undefined;
  readonly contentLanguage?: string | undefined;
  readonly cacheControl?: string | undefined;
  readonly storageClass?: string | undefined;
  readonly customTime?: string | undefined;
  readonly metadata: Readonly<Record<string, string>>;
}

/** `null` removes; what is missing stays. */
export type FieldChanges = ReadonlyMap<string, string | null>;

export const textFields = [
  'contentType',
  'contentEncoding',
  'contentDisposition',
  'contentLanguage',
  'cacheControl',
] as const;

export type TextField = (typeof textFields)[number];

const customMetadataBytesMax = 8 * 1024;
const nameBytesMax = 1024;
const storageClasses = ['STANDARD', 'NEARLINE', 'COLDLINE', 'ARCHIVE'];

export function checkObjectName(name: string): string {
  const bytes = Buffer.byteLength(name);
  if (bytes === 0 || bytes > nameBytesMax) {
    throw invalid('The object name must be between 1 and 1024 bytes long.');
  }
  const isReserved =
    name === '.' || name === '..' || name.startsWith('.well-known/acme-challenge/');
  // A lone surrogate has no UTF-8.
  if (/[\r\n]/u.test(name) || isReserved || !name.isWellFormed()) {
    throw invalid(`Invalid object name: ${JSON.stringify(name)}`);
  }
  return name;
}

export function customMetadataChanges(resource: JsonRecord): FieldChanges | 'all' | undefined {
  const given = resource['metadata'];
  if (given === undefined) return undefined;
  if (given === null) return 'all';
  return new Map(
    Object.entries(asRecord(given, 'metadata')).map(([key, value]) => [
      key,
      value === null ? null : asString(value, `metadata.${key}`),
    ]),
  );
}

/** Custom metadata after a merge: `null` removes a key, and in place of it all, every key. */
export function mergeCustomMetadata(
  current: Readonly<Record<string, string>>,
  changes: FieldChanges | 'all' | undefined,
): Readonly<Record<string, string>> {
  if (changes === undefined) return current;
  if (changes === 'all') return {};
  const merged = new Map<string, string>(Object.entries(current));
  for (const [key, value] of changes) {
    if (value === null) merged.delete(key);
    else merged.set(key, value);
  }
  checkCustomMetadata(merged);
  return Object.fromEntries(merged);
}

function checkCustomMetadata(metadata: ReadonlyMap<string, string>): void {
  let bytes = 0;
  for (const [key, value] of metadata) {
    if (key === '') throw invalid('A key of custom metadata may not be empty.');
    bytes += Buffer.byteLength(key) + Buffer.byteLength(value);
  }
  if (bytes <= customMetadataBytesMax) return;
  throw invalid(
    `The custom metadata of ${bytes} bytes exceeds its limit of ${customMetadataBytesMax} bytes.`,
  );
}

/** A string of the resource; `null` is that none is given, or that it shall go. */
export function textOf(resource: JsonRecord, name: string): string | null | undefined {
  const value = resource[name];
  return value === undefined || value === null ? value : asString(value, name);
}

export function storageClassOf(resource: JsonRecord): string | undefined {
  const value = textOf(resource, 'storageClass') ?? undefined;
  if (value === undefined || storageClasses.includes(value)) return value;
  throw invalid(`Invalid storage class: ${value}`);
}

const rfc3339 = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:[Zz]|[+-]\d\d:\d\d)$/u;

/** As the service writes times: RFC 3339 in UTC, with milliseconds. */
export function timeOf(resource: JsonRecord, name: string): string | null | undefined {
  const text = textOf(resource, name);
  if (text === undefined || text === null) return text;
  const milliseconds = rfc3339.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(milliseconds) || !isDay(text.slice(0, 'yyyy-mm-dd'.length)))
    throw invalid(`Invalid value for: ${name}`);
  return new Date(milliseconds).toISOString();
}

/** `Date.parse` takes the 30th of February for the 2nd of March. */
function isDay(text: string): boolean {
  const milliseconds = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(milliseconds) && new Date(milliseconds).toISOString().startsWith(text);
}
