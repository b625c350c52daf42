import { ApiError, invalid, notFound } from './api-error.js';
import { parseContentRange } from './content-range.js';
import { ConnectionCut } from './faults.js';
import { newPayload, payloadBytes, type Call } from './gcs-state.js';
import { readJsonBody } from './json-body.js';
import { headerHashes, storeObject, uploadAnswer } from './object-insert.js';
import { parseNewObject } from './object-resource.js';
import { defaultContentType, describeUpload } from './object-upload.js';
import { createQuantumWriter, quantumBytes, type QuantumWriter } from './quantum-writer.js';
import { emptyReply, jsonReply, type Reply } from './reply.js';
import { sessionOf, settleTotal, startSession, type UploadSession } from './upload-session.js';

interface Chunk {
  readonly first: number;
  /** How many bytes it says it has; `undefined` if it goes on to the payload's end. */
  readonly length: number | undefined;
  readonly total: number | undefined;
}

/** Answers the session's address, which carries the parameters of the start as well. */
export async function startResumable(call: Call): Promise<Reply> {
  const given = parseNewObject(await readJsonBody(call), call.bucket);
  const uploadType = call.headers['x-upload-content-type'] ?? defaultContentType;
  const session = startSession(call, describeUpload(call, given, uploadType.toString()));
  const address = `${call.apiEndpoint}${call.url}&upload_id=${session.id}`;
  return emptyReply(200, { Location: address, 'X-GUploader-UploadID': session.id });
}

/** A session that has ended is gone: its object is not undone. */
export function cancelResumable(call: Call): Reply {
  const session = sessionOf(call);
  if (session.outcome !== undefined) throw notFound('The upload session has ended.');
  call.state.sessions.delete(session.id);
  return emptyReply(499);
}

/** A chunk, or a request that only asks how far the upload is. */
export async function putToSession(call: Call): Promise<Reply> {
  const session = sessionOf(call);
  if (session.outcome !== undefined) return answerOutcome(call, session.outcome);
  const range = parseContentRange(call.headers['content-range']);
  switch (range.kind) {
    case 'whole':
      return putChunk(call, session, { first: 0, length: undefined, total: session.total });
    case 'chunk': {
      const { first, last, total } = range;
      const length = last === undefined ? undefined : last - first + 1;
      return putChunk(call, session, { first, length, total });
    }
    case 'status':
      return answerStatus(call, session, range.total);
  }
}

async function answerOutcome(
  call: Call,
  outcome: NonNullable<UploadSession['outcome']>,
): Promise<Reply> {
  for await (const _ of call.body);
  if (outcome.kind === 'failed') throw outcome.error;
  return jsonReply(outcome.answer);
}

async function answerStatus(
  call: Call,
  session: UploadSession,
  total: number | undefined,
): Promise<Reply> {
  let bytes = 0;
  for await (const chunk of call.body) bytes += chunk.length;
  if (bytes > 0) throw invalid('A status query has no body.');
  settleTotal(session, total);
  if (total !== undefined && total === session.stored.wholeSize) {
    return finish(call, session, session.stored);
  }
  return incomplete(session);
}

function incomplete(session: UploadSession): Reply {
  const { wholeSize } = session.stored;
  return emptyReply(308, wholeSize === 0 ? {} : { Range: `bytes=0-${wholeSize - 1}` });
}

/**
 * Appends to what is stored. Bytes that are stored already are passed over. Of a chunk that is not
 * the last, only whole quanta stay; so it is with what came before a connection broke.
 */
async function putChunk(call: Call, session: UploadSession, chunk: Chunk): Promise<Reply> {
  const before = session.stored;
  if (chunk.first > before.wholeSize) throw beyondStored(chunk.first, before.wholeSize);
  settleTotal(session, chunk.total);
  const draft = before.fork();
  const received = await receive(call, chunk, session.total, draft).catch((error: unknown) => {
    const isDropped = error instanceof ApiError || isUnkept(error);
    if (!isDropped && session.stored === before) session.stored = draft.fork();
    throw error;
  });
  if (session.stored !== before || session.outcome !== undefined) throw concurrentChunk();
  const keepsOnly = keepsOnlyBytes(call) !== undefined;
  if (!keepsOnly && isLast(chunk, received)) return finish(call, session, draft);
  if (received < quantumBytes) throw tooSmall(received);
  session.stored = draft.fork();
  return incomplete(session);
}

/** Puts the bytes of a chunk that are not stored yet into the draft. Answers how many it had. */
async function receive(
  call: Call,
  chunk: Chunk,
  total: number | undefined,
  draft: QuantumWriter,
): Promise<number> {
  const counted = { bytes: 0 };
  const skip = draft.wholeSize - chunk.first;
  let room = keepsOnlyBytes(call) ?? Infinity;
  for await (const bytes of payloadBytes(call, newBytes(call.body, skip, counted))) {
    const kept = bytes.subarray(0, Math.min(room, bytes.length));
    room -= kept.length;
    draft.append(kept);
  }
  const { bytes } = counted;
  if (total !== undefined && chunk.first + bytes > total) {
    throw invalid(`The upload has ${total} byte(s), and these go beyond.`);
  }
  if (chunk.length !== undefined && bytes !== chunk.length) {
    throw invalid(`The Content-Range has ${chunk.length} byte(s), the request ${bytes} byte(s).`);
  }
  return bytes;
}

async function* newBytes(
  body: AsyncIterable<Uint8Array>,
  skip: number,
  counted: { bytes: number },
): AsyncGenerator<Uint8Array> {
  for await (const bytes of body) {
    const old = Math.max(0, skip - counted.bytes);
    counted.bytes += bytes.length;
    if (old < bytes.length) yield bytes.subarray(old);
  }
}

function isLast(chunk: Chunk, received: number): boolean {
  if (chunk.length === undefined) return true;
  return chunk.total !== undefined && chunk.first + received === chunk.total;
}

/** The moment at which the object comes to be, or the upload has failed for good. */
function finish(call: Call, session: UploadSession, written: QuantumWriter): Reply {
  const size = written.size;
  if (session.total !== undefined && session.total !== size) {
    throw invalid(`The upload has ${session.total} byte(s), and not ${size} byte(s).`);
  }
  const { upload } = session;
  const hashes = [upload.hashes, session.hashes, headerHashes(call.headers['x-goog-hash'])];
  try {
    const record = storeObject(call, upload, written.finish(), hashes);
    session.outcome = { kind: 'stored', answer: uploadAnswer(call, upload, record) };
    return jsonReply(session.outcome.answer);
  } catch (error) {
    if (error instanceof ApiError) session.outcome = { kind: 'failed', error };
    throw error;
  } finally {
    session.stored = createQuantumWriter(newPayload(call.state));
  }
}

function keepsOnlyBytes({ fault }: Call): number | undefined {
  return fault !== undefined && 'keepsOnlyBytes' in fault ? fault.keepsOnlyBytes : undefined;
}

function isUnkept(error: unknown): boolean {
  return error instanceof ConnectionCut && !error.keeps;
}

/** As the upload servers answer it: no JSON, and a status that looks as if it would pass. */
function beyondStored(first: number, size: number): ApiError {
  const message =
    'Invalid request.  According to the Content-Range header, the upload offset is ' +
    `${first} byte(s), which exceeds already uploaded size of ${size} byte(s).`;
  return new ApiError(503, 'backendError', message, { plainText: true });
}

function tooSmall(received: number): ApiError {
  return new ApiError(
    400,
    'invalid',
    `Invalid request.  The number of bytes uploaded is required to be equal or greater than ` +
      `${quantumBytes}, except for the final request (it's recommended to be the exact multiple ` +
      `of ${quantumBytes}).  The received request contained ${received} bytes, which does not ` +
      `meet this requirement.`,
    { plainText: true },
  );
}

function concurrentChunk(): ApiError {
  return new ApiError(503, 'backendError', 'Another request has changed this upload meanwhile.');
}
