import { invalid, notImplemented } from './api-error.js';
import { bucketOf, newPayload, payloadBytes, type Call } from './gcs-state.js';
import { checkJsonType, parseJson } from './json-body.js';
import { readMultipart } from './multipart-body.js';
import {
  headerHashes,
  storeObject,
  uploadAnswer,
  uploadName,
  withContentEncoding,
  type Upload,
} from './object-insert.js';
import { parseNewObject, type NewObject } from './object-resource.js';
import { checkPreconditions, parsePreconditions } from './preconditions.js';
import { jsonReply, type Reply } from './reply.js';

export const defaultContentType = 'application/octet-stream';

/** `uploadType=media`: the body is the payload, and the object has no metadata. */
export async function insertMedia(call: Call): Promise<Reply> {
  const contentType = call.headers['content-type'] ?? defaultContentType;
  const upload = describeUpload(call, undefined, contentType);
  return insert(call, upload, call.body);
}

/** `uploadType=multipart`: a part of JSON and a part that is the payload. */
export async function insertMultipart(call: Call): Promise<Reply> {
  const parts = await readMultipart(call.headers['content-type'], call.body);
  checkJsonType(parts.metadataType);
  const given = parseNewObject(parseJson(parts.metadata), call.bucket);
  const upload = describeUpload(call, given, parts.mediaType ?? defaultContentType);
  return insert(call, upload, parts.media);
}

/** What an upload says of its object before its payload; checked as far as it can be then. */
export function describeUpload(
  call: Call,
  given: NewObject | undefined,
  contentType: string,
): Upload {
  const { query, headers } = call;
  if ((headers['content-encoding'] ?? 'identity') !== 'identity') {
    throw notImplemented('a content encoding of requests');
  }
  const fields = given?.fields ?? { metadata: {} };
  const upload: Upload = {
    name: uploadName(query, given),
    fields: withContentEncoding(
      { ...fields, contentType: fields.contentType ?? contentType },
      query,
    ),
    preconditions: parsePreconditions(query),
    hashes: { crc32c: given?.crc32c, md5Hash: given?.md5Hash },
    selection: query.get('fields'),
  };
  checkPreconditions(upload.preconditions, bucketOf(call).objects.get(upload.name), 'write');
  return upload;
}

async function insert(call: Call, upload: Upload, body: AsyncIterable<Uint8Array>): Promise<Reply> {
  const announced = headerHashes(call.headers['x-goog-hash']);
  if (call.headers['content-range'] !== undefined) throw invalid('Unexpected Content-Range.');
  const writer = newPayload(call.state);
  for await (const chunk of payloadBytes(call, body)) writer.append(chunk);
  const record = storeObject(call, upload, writer.finish(), [upload.hashes, announced]);
  return jsonReply(uploadAnswer(call, upload, record));
}
