import type { IncomingHttpHeaders } from 'node:http';
import { ApiError, invalid, notFound, notImplemented } from './api-error.js';
import type { GcsRequestKind } from './gcs-types.js';
import { checkQuery, decodePercent, parseQuery, type Query } from './request-query.js';

export interface ParsedRequest {
  readonly kind: GcsRequestKind;
  /** Empty where the request names none. */
  readonly bucket: string;
  readonly object: string;
  readonly query: Query;
  readonly headers: IncomingHttpHeaders;
}

interface Route {
  readonly place: 'upload' | 'download' | 'buckets' | 'bucket' | 'objects' | 'object';
  readonly bucket: string;
  readonly object: string;
}

/**
 * What a request asks for. The path is taken apart as it was sent: an object's name is one segment of
 * it, percent-encoded.
 */
export function parseRequest(
  method: string,
  url: string,
  headers: IncomingHttpHeaders,
): ParsedRequest {
  const mark = url.indexOf('?');
  const path = mark === -1 ? url : url.slice(0, mark);
  const query = parseQuery(mark === -1 ? '' : url.slice(mark + 1));
  const route = parsePath(path);
  if (route === undefined) throw notFound('Not Found');
  const kind = kindOf(method, route, query, headers);
  checkQuery(kind, query);
  refuseHeaders(headers);
  return { kind, bucket: route.bucket, object: route.object, query, headers };
}

function parsePath(path: string): Route | undefined {
  const segments = path.split('/').map(decodePercent);
  const [empty, first, ...rest] = segments;
  if (empty !== '') return undefined;
  if (first === 'upload' || first === 'download') {
    const route = parseApiPath(rest);
    const place = first === 'upload' ? 'objects' : 'object';
    return route?.place === place ? { ...route, place: first } : undefined;
  }
  return parseApiPath(segments.slice(1));
}

function parseApiPath(segments: readonly string[]): Route | undefined {
  const [api, version, b, bucket, o, object, ...more] = segments;
  if (api !== 'storage' || version !== 'v1' || b !== 'b' || more.length > 0) return undefined;
  if (bucket === undefined) return { place: 'buckets', bucket: '', object: '' };
  if (bucket === '') return undefined;
  if (o === undefined) return { place: 'bucket', bucket, object: '' };
  if (o !== 'o') return undefined;
  if (object === undefined) return { place: 'objects', bucket, object: '' };
  return object === '' ? undefined : { place: 'object', bucket, object };
}

function kindOf(
  method: string,
  route: Route,
  query: Query,
  headers: IncomingHttpHeaders,
): GcsRequestKind {
  switch (route.place) {
    case 'upload':
      return uploadKind(method, query, headers);
    case 'download':
      if (query.get('alt') !== 'media') throw invalid('A download is for alt=media.');
      return method === 'GET' ? 'media' : notAllowed(method);
    case 'buckets':
      return method === 'POST' ? 'bucket.insert' : notAllowed(method);
    case 'bucket':
      if (method === 'GET') return 'bucket.get';
      return method === 'PATCH' ? 'bucket.patch' : notAllowed(method);
    case 'objects':
      return method === 'GET' ? 'list' : notAllowed(method);
    case 'object':
      if (method === 'GET') return query.get('alt') === 'media' ? 'media' : 'get';
      if (method === 'DELETE') return 'delete';
      return method === 'PATCH' ? 'patch' : notAllowed(method);
  }
}

function uploadKind(method: string, query: Query, headers: IncomingHttpHeaders): GcsRequestKind {
  const type = query.get('uploadType');
  if (query.has('upload_id')) {
    if (type !== 'resumable') throw invalid('A session is for uploadType=resumable.');
    if (method === 'DELETE') return 'resumable.cancel';
    if (method !== 'PUT') return notAllowed(method);
    const isStatus = headers['content-range']?.startsWith('bytes */') ?? false;
    return isStatus ? 'resumable.status' : 'resumable.chunk';
  }
  if (method !== 'POST') return notAllowed(method);
  if (type === 'media') return 'insert.media';
  if (type === 'multipart') return 'insert.multipart';
  if (type === 'resumable') return 'resumable.start';
  throw invalid(`Unknown uploadType: ${type ?? 'none'}`);
}

function notAllowed(method: string): never {
  throw new ApiError(405, 'methodNotAllowed', `Method ${method} is not allowed here.`);
}

/** What would change the outcome, or belongs to the XML API; to pass over one would be wrong. */
const refusedHeaders = [
  'if-match',
  'if-none-match',
  'if-range',
  'if-modified-since',
  'if-unmodified-since',
  'content-md5',
];
const refusedPrefixes = ['x-goog-if-', 'x-goog-meta-', 'x-goog-encryption-'];

function refuseHeaders(headers: IncomingHttpHeaders): void {
  const given = Object.keys(headers).find(
    (name) =>
      refusedHeaders.includes(name) || refusedPrefixes.some((prefix) => name.startsWith(prefix)),
  );
  if (given !== undefined) throw notImplemented(`the header ${given}`);
}
