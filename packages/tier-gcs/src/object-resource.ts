import { isRecord, unavailable } from './errors.js';

/** What is asked for of an object. Whoever parses an answer asks for all of it. */
export const objectFields =
  'name,size,crc32c,generation,metageneration,contentType,contentEncoding,metadata,customTime';

/** An object as the JSON API describes it. */
export interface ObjectResource {
  readonly name: string;
  readonly size: number;
  readonly crc32c: number;
  readonly generation: string;
  readonly metageneration: string;
  readonly contentType: string;
  /** None of ours has one. */
  readonly contentEncoding?: string | undefined;
  readonly metadata: Readonly<Record<string, string>>;
  readonly customTime?: string | undefined;
}

export interface ResourcePage {
  readonly items: readonly ObjectResource[];
  readonly nextPageToken?: string | undefined;
}

const numberPattern = /^[0-9]{1,20}$/;

export function parseObjectResource(body: Uint8Array): ObjectResource {
  return objectResource(parseJson(body));
}

export function parseResourcePage(body: Uint8Array): ResourcePage {
  const page = parseJson(body);
  // Without a single object there are no items.
  const items = page['items'] ?? [];
  const { nextPageToken } = page;
  if (!Array.isArray(items)) throw malformed('items');
  if (nextPageToken !== undefined && typeof nextPageToken !== 'string') {
    throw malformed('nextPageToken');
  }
  const records = items.map((item: unknown) => {
    if (isRecord(item)) return objectResource(item);
    throw malformed('items');
  });
  return { items: records, nextPageToken };
}

export function parseJson(body: Uint8Array): Readonly<Record<string, unknown>> {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(body).toString('utf8'));
    if (isRecord(parsed)) return parsed;
  } catch (error) {
    throw malformed('body', error);
  }
  throw malformed('body');
}

function objectResource(record: Readonly<Record<string, unknown>>): ObjectResource {
  const text = (field: string): string => {
    const value = record[field];
    if (typeof value === 'string') return value;
    throw malformed(field);
  };
  const optional = (field: string): string | undefined =>
    record[field] === undefined ? undefined : text(field);
  return {
    name: text('name'),
    size: wholeNumber('size', text('size')),
    crc32c: parseCrc32c(text('crc32c')),
    generation: text('generation'),
    metageneration: text('metageneration'),
    // A foreign object need not have one.
    contentType: optional('contentType') ?? '',
    contentEncoding: optional('contentEncoding'),
    metadata: texts(record['metadata']),
    customTime: optional('customTime'),
  };
}

function texts(value: unknown): Readonly<Record<string, string>> {
  if (value === undefined) return {};
  if (!isRecord(value)) throw malformed('metadata');
  const pairs = Object.entries(value).map(([name, text]): [string, string] => {
    if (typeof text === 'string') return [name, text];
    throw malformed('metadata');
  });
  return Object.fromEntries(pairs);
}

export function wholeNumber(field: string, text: string): number {
  const value = numberPattern.test(text) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(value)) return value;
  throw malformed(field);
}

/** Base64 of four bytes, the highest first. */
export function parseCrc32c(text: string): number {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length === 4) return bytes.readUInt32BE();
  throw malformed('crc32c');
}

export function formatCrc32c(crc32c: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc32c);
  return bytes.toString('base64');
}

export function malformed(field: string, cause?: unknown): Error {
  return unavailable(`an answer is not as the JSON API describes it: ${field}`, cause);
}
