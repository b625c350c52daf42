import { invalid, notImplemented, required } from './api-error.js';
import type { GcsRequestKind } from './gcs-types.js';

export type Query = ReadonlyMap<string, string>;

export function parseQuery(text: string): Query {
  const query = new Map<string, string>();
  for (const part of text.split('&').filter((one) => one !== '')) {
    const equals = part.indexOf('=');
    const name = decodeQuery(equals === -1 ? part : part.slice(0, equals));
    const value = equals === -1 ? '' : decodeQuery(part.slice(equals + 1));
    if (query.has(name)) throw invalid(`The parameter ${name} is given more than once.`);
    query.set(name, value);
  }
  return query;
}

/** As forms are encoded. `URLSearchParams` would pass over what is malformed. */
function decodeQuery(text: string): string {
  return decodePercent(text.replaceAll('+', ' '));
}

export function decodePercent(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    throw Object.assign(invalid(`Malformed percent-encoding: ${text}`), { cause });
  }
}

const everywhere = ['alt', 'fields', 'prettyPrint', 'quotaUser', 'userProject', 'key'];
const generations = ['ifGenerationMatch', 'ifGenerationNotMatch'];
const metagenerations = ['ifMetagenerationMatch', 'ifMetagenerationNotMatch'];
const preconditions = [...generations, ...metagenerations];
const insert = ['uploadType', 'name', 'contentEncoding', 'projection', ...preconditions];
const session = [...insert, 'upload_id'];

const allowed: Readonly<Record<GcsRequestKind, readonly string[]>> = {
  'insert.multipart': insert,
  'insert.media': insert,
  'resumable.start': insert,
  'resumable.chunk': session,
  'resumable.status': session,
  'resumable.cancel': session,
  get: ['generation', 'projection', ...preconditions],
  media: ['generation', 'projection', ...preconditions],
  delete: ['generation', ...preconditions],
  patch: ['generation', 'projection', ...preconditions],
  list: ['prefix', 'startOffset', 'endOffset', 'maxResults', 'pageToken', 'projection', 'versions'],
  'bucket.get': ['projection', ...metagenerations],
  'bucket.insert': ['project', 'projection'],
  'bucket.patch': ['projection', ...metagenerations],
  unknown: [],
};

/** Documented, and refused by this server. */
const missing = [
  'delimiter',
  'includeTrailingDelimiter',
  'includeFoldersAsPrefixes',
  'matchGlob',
  'softDeleted',
  'kmsKeyName',
  'predefinedAcl',
  'predefinedDefaultObjectAcl',
  'enableObjectRetention',
  'overrideUnlockedRetention',
];

export function checkQuery(kind: GcsRequestKind, query: Query): void {
  for (const name of query.keys()) {
    if (everywhere.includes(name) || allowed[kind].includes(name)) continue;
    if (missing.includes(name)) throw notImplemented(`the parameter ${name}`);
    throw invalid(`Unknown parameter: ${name}`);
  }
  oneOf(query, 'alt', kind === 'media' ? ['media', 'json'] : ['json']);
  oneOf(query, 'projection', ['noAcl', 'full']);
  oneOf(query, 'prettyPrint', ['true', 'false']);
  oneOf(query, 'versions', ['false']);
}

function oneOf(query: Query, name: string, values: readonly string[]): void {
  const value = query.get(name);
  if (value === undefined || values.includes(value)) return;
  throw invalid(`Invalid value '${value}' of the parameter ${name}.`);
}

/** A whole number that is not negative, as its digits. */
export function digitsOf(query: Query, name: string): string | undefined {
  const value = query.get(name);
  if (value === undefined) return undefined;
  if (!/^\d{1,19}$/u.test(value)) throw invalid(`Invalid value '${value}' for: ${name}`);
  return BigInt(value).toString();
}

export function requiredParameter(query: Query, name: string): string {
  const value = query.get(name);
  if (value === undefined || value === '') throw required(`Required parameter: ${name}`);
  return value;
}
