import { Readable, pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { ApiError } from './api-error.js';
import { payloadBytes, type Call } from './gcs-state.js';
import { parseRange, type ByteRange } from './media-range.js';
import { readObject } from './object-requests.js';
import { etagOf, type ObjectRecord } from './object-resource.js';
import { defaultContentType } from './object-upload.js';
import type { Reply } from './reply.js';

/** `alt=media`: an object's payload or a part of it. Its errors are no JSON. */
export function downloadMedia(call: Call): Reply {
  try {
    const record = readObject(call);
    return isTranscoded(call, record) ? transcoded(call, record) : stored(call, record);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    const details = { ...error.details, plainText: true };
    throw new ApiError(error.status, error.reason, error.message, details);
  }
}

function stored(call: Call, record: ObjectRecord): Reply {
  const { payload } = record;
  const range = rangeOf(call, payload.size);
  const { start, end } = range ?? { start: 0, end: payload.size };
  const part: Record<string, string> =
    range === undefined ? {} : { 'Content-Range': `bytes ${start}-${end - 1}/${payload.size}` };
  const encoding: Record<string, string> =
    record.contentEncoding === undefined ? {} : { 'Content-Encoding': record.contentEncoding };
  const headers = { ...describe(record), ...encoding, ...part };
  return {
    status: range === undefined ? 200 : 206,
    headers: { ...headers, 'Content-Length': String(end - start), 'Accept-Ranges': 'bytes' },
    body: payloadBytes(call, payload.read(start, end)),
  };
}

function rangeOf(call: Call, size: number): ByteRange | undefined {
  try {
    return parseRange(call.headers.range, size);
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 416) throw error;
    const headers = { 'Content-Range': `bytes */${size}` };
    throw new ApiError(416, error.reason, error.message, { headers });
  }
}

/** Of who does not take gzip, the service decompresses; then it knows no length and no ranges. */
function isTranscoded(call: Call, record: ObjectRecord): boolean {
  const accepted = call.headers['accept-encoding'] ?? '';
  const isAccepted = /(?:^|[,\s])(?:gzip|\*)\s*(?:,|$|;(?!\s*q=0(?:\.0*)?\s*(?:,|$)))/iu;
  return (
    record.contentEncoding === 'gzip' &&
    !isAccepted.test(accepted) &&
    !(record.cacheControl ?? '').includes('no-transform')
  );
}

function transcoded(call: Call, record: ObjectRecord): Reply {
  const source = Readable.from(record.payload.read(0, record.payload.size));
  // What is not gzip after all breaks the answer off, where it is read.
  const body: AsyncIterable<Uint8Array> = pipeline(source, createGunzip(), () => undefined);
  const headers = { ...describe(record), Warning: '214 UploadServer gunzipped' };
  return { status: 200, headers, body: payloadBytes(call, body) };
}

function describe(record: ObjectRecord): Record<string, string> {
  const { payload } = record;
  const { contentDisposition, contentLanguage, cacheControl } = record;
  return {
    'Content-Type': record.contentType ?? defaultContentType,
    ...(contentDisposition === undefined ? {} : { 'Content-Disposition': contentDisposition }),
    ...(contentLanguage === undefined ? {} : { 'Content-Language': contentLanguage }),
    'Cache-Control': cacheControl ?? 'no-cache, no-store, max-age=0, must-revalidate',
    ETag: etagOf(record),
    'Last-Modified': new Date(record.updated).toUTCString(),
    'X-Goog-Generation': record.generation,
    'X-Goog-Metageneration': String(record.metageneration),
    'X-Goog-Hash': `crc32c=${payload.crc32c},md5=${payload.md5Hash}`,
    'X-Goog-Stored-Content-Encoding': record.contentEncoding ?? 'identity',
    'X-Goog-Stored-Content-Length': String(payload.size),
    'X-Goog-Storage-Class': record.storageClass ?? 'STANDARD',
  };
}
