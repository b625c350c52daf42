import { randomBytes } from 'node:crypto';
import { ApiError, invalid, notFound } from './api-error.js';
import { newPayload, type Call, type GcsState } from './gcs-state.js';
import { headerHashes, type ExpectedHashes, type Upload } from './object-insert.js';
import { createQuantumWriter, type QuantumWriter } from './quantum-writer.js';
import { requiredParameter } from './request-query.js';

/** A resumable upload, from its start to a while after its end. */
export interface UploadSession {
  readonly id: string;
  readonly bucket: string;
  readonly upload: Upload;
  /** Those that the header of the first request named. */
  readonly hashes: ExpectedHashes;
  readonly timeStarted: number;
  /** Given at the start or with a chunk; one that differs later is refused. */
  total: number | undefined;
  /** What is stored so far. */
  stored: QuantumWriter;
  /** How it ended: what it answers from then on. */
  outcome: SessionOutcome | undefined;
}

type SessionOutcome =
  | { readonly kind: 'stored'; readonly answer: unknown }
  | { readonly kind: 'failed'; readonly error: ApiError };

const lifetimeMs = 7 * 24 * 60 * 60 * 1000;
/** More than this are not remembered after their end. */
const endedMax = 1000;

export function startSession(call: Call, upload: Upload): UploadSession {
  const session: UploadSession = {
    id: randomBytes(24).toString('base64url'),
    bucket: call.bucket,
    upload,
    hashes: headerHashes(call.headers['x-goog-hash']),
    timeStarted: call.state.clock.now(),
    total: announcedSize(call.headers['x-upload-content-length']),
    stored: createQuantumWriter(newPayload(call.state)),
    outcome: undefined,
  };
  forgetEnded(call.state);
  call.state.sessions.set(session.id, session);
  return session;
}

function announcedSize(header: string | readonly string[] | undefined): number | undefined {
  if (header === undefined) return undefined;
  const size = typeof header === 'string' && /^\d{1,15}$/u.test(header) ? Number(header) : -1;
  if (size < 0) throw invalid(`Invalid X-Upload-Content-Length: ${header.toString()}`);
  return size;
}

export function isOpen(session: UploadSession, state: GcsState): boolean {
  return session.outcome === undefined && !isExpired(session, state);
}

function isExpired(session: UploadSession, state: GcsState): boolean {
  return state.clock.now() - session.timeStarted > lifetimeMs;
}

/** What it has stored goes. */
function expire(session: UploadSession, state: GcsState): void {
  if (session.outcome !== undefined) return;
  session.stored = createQuantumWriter(newPayload(state));
  session.outcome = { kind: 'failed', error: expired() };
}

function expired(): ApiError {
  return new ApiError(410, 'gone', 'The upload session has expired.');
}

function forgetEnded(state: GcsState): void {
  for (const one of state.sessions.values()) if (isExpired(one, state)) expire(one, state);
  const ended = [...state.sessions.values()].filter((one) => one.outcome !== undefined);
  for (const one of ended.slice(0, Math.max(0, ended.length - endedMax))) {
    state.sessions.delete(one.id);
  }
}

export function sessionOf(call: Call): UploadSession {
  const id = requiredParameter(call.query, 'upload_id');
  const session = call.state.sessions.get(id);
  if (session === undefined || session.bucket !== call.bucket) {
    throw notFound('No such upload session.');
  }
  if (isExpired(session, call.state)) {
    expire(session, call.state);
    throw expired();
  }
  return session;
}

/** The payload's size once it is known, which no later request may contradict. */
export function settleTotal(session: UploadSession, total: number | undefined): void {
  if (total === undefined) return;
  if (session.total !== undefined && session.total !== total) {
    throw invalid(`The upload has ${session.total} byte(s), and not ${total} byte(s).`);
  }
  if (total < session.stored.wholeSize) {
    throw invalid(`The upload has more than ${total} byte(s) already.`);
  }
  session.total = total;
}
